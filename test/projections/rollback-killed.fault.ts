import { setTimeout as sleep } from 'node:timers/promises';
import { examineProjections } from '../../src/cli/examine-projections.js';
import { overviewOf } from '../../src/projections/inspect/overview.js';
import { rollBack } from '../../src/projections/rebuild/rollback.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { buildAll, expectProjected, HASTY, liveOf } from '../support/projected.js';
import { families } from '../support/read-models.js';
import { rebuildingProcess } from '../support/rebuilding-process.js';
import { createTestProjections, type TestProjections } from '../support/test-projections.js';

let test: TestProjections;

beforeEach(async () => {
  test = await createTestProjections();
  await test.register();
});
afterEach(() => test.close());

describe('a rollback that is killed while it certifies', () => {
  it('leaves nothing to go on with: no rebuild is told of, and it can be done again', async () => {
    const engine = test.engine(undefined, undefined, HASTY);
    await buildAll(engine);
    expect(await rebuild(engine, families)).toMatchObject({ generation: 2 });
    const how = { work: 'rollback', times: HASTY, stopAt: 'Certifying' } as const;
    const child = await rebuildingProcess(test, 'families', how);
    await child.begin();
    await child.stopped;
    expect(await overviewOf(engine, families, new Date())).toMatchObject({
      rebuild: { what: 'rollback', generation: 1, running: true },
    });
    await child.kill();
    await sleep(HASTY.rebuildLeaseMs + 200);
    expect(await overviewOf(engine, families, new Date())).toMatchObject({
      live: { generation: 2 },
      kept: { generation: 1 },
      rebuild: null,
    });
    const checks = await examineProjections(await test.database.clientAs('service'), test.database.name);
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(await rollBack(engine, families)).toMatchObject({ generation: 1 });
    expect((await liveOf(engine, 'families')).generation.generation).toBe(1);
    await expectProjected(test, engine, families);
  });
});
