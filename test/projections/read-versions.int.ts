import type { ProjectionEngine } from '../../src/projections/engine.js';
import type { Projection } from '../../src/projections/projection.js';
import { LiveSlots, ProjectionNotBuilt } from '../../src/projections/read/live-slot.js';
import { waitUntilReached } from '../../src/projections/read/wait-until-reached.js';
import { buildAll } from '../support/projected.js';
import { families } from '../support/read-models.js';
import { createTestProjections, type TestProjections } from '../support/test-projections.js';

let test: TestProjections;

beforeAll(async () => {
  test = await createTestProjections();
  await test.register();
  await buildAll(test.engine([version(2)]));
});
afterAll(() => test.close());

function version(number: number, more: Partial<Projection> = {}): Projection {
  return { ...families, version: number, ...more };
}

/** How code of this version reads: at once, and where it has waited for a position. */
async function reads(projection: Projection): Promise<unknown> {
  const engine: ProjectionEngine = test.engine([projection]);
  const slots = new LiveSlots(engine);
  await waitUntilReached(engine, 'families', 1);
  return (await slots.documents('families')).countDocuments();
}

describe('code that meets a generation of another version', () => {
  it('reads none of it, be it older or newer: documents may have another shape', async () => {
    for (const other of [1, 3]) {
      await expect(reads(version(other))).rejects.toThrow(ProjectionNotBuilt);
      await expect(new LiveSlots(test.engine([version(other)])).documents('families')).rejects.toThrow(
        `families is not built in version ${other}, which is this code’s: version 2 is live`,
      );
    }
    expect(await reads(version(2))).toBe(1);
  });

  it('reads an older one where its version says that it can', async () => {
    expect(await reads(version(3, { readsFrom: 2 }))).toBe(1);
    expect(await reads(version(4, { readsFrom: 1 }))).toBe(1);
    await expect(reads(version(4, { readsFrom: 3 }))).rejects.toThrow(ProjectionNotBuilt);
  });
});
