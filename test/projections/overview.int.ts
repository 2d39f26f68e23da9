import { overviewOf } from '../../src/projections/inspect/overview.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { HASTY } from '../support/projected.js';
import { registrationsDaily } from '../support/read-models.js';
import { createTestProjections, type TestProjections } from '../support/test-projections.js';
import { writeFamilies } from '../support/writes.js';

let test: TestProjections;

beforeAll(async () => {
  test = await createTestProjections();
  // Of every five events one is about registrations.
  await writeFamilies(test, 300, 4);
});
afterAll(() => test.close());

describe('how far a rebuild is', () => {
  it('is told by the log it has gone through, also where most of that is not about the projection', async () => {
    const engine = test.engine([registrationsDaily], undefined, HASTY);
    const ending = new AbortController();
    const onProgress = (): void => ending.abort();
    await expect(rebuild(engine, registrationsDaily, { signal: ending.signal, onProgress })).rejects.toThrow(
      'aborted',
    );
    expect(await overviewOf(engine, registrationsDaily, new Date())).toMatchObject({
      state: 'building',
      rebuild: { what: 'rebuild', phase: 'build', running: false, done: 1_000, total: 1_500 },
    });
  });
});
