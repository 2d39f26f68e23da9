import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { ProjectionsService } from '../../src/projections/projections.service.js';
import { planRebuild } from '../../src/projections/rebuild/plan-rebuild.js';
import { RebuildLease } from '../../src/projections/rebuild/rebuild-lease.js';
import { HASTY } from '../support/projected.js';
import { until } from '../support/until.js';
import { families } from '../support/read-models.js';
import { createTestProjections, type TestProjections } from '../support/test-projections.js';

let test: TestProjections;
let service: ProjectionsService;

beforeEach(async () => {
  test = await createTestProjections();
  await test.register();
});
afterEach(async () => {
  await service.stop();
  await test.close();
});

/** Starts a service as a process runs it. Returns what it logs. */
function startService(): { level: number; msg: string }[] {
  const logged: { level: number; msg: string }[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  service = new ProjectionsService(test.engine([families], undefined, HASTY), logger);
  service.start();
  return logged;
}

describe('a service that starts while another process builds what it would build', () => {
  it('says so once, and not as a warning, and builds it itself where the other one gives up', async () => {
    const { position: head } = await test.log.head();
    const lease = await RebuildLease.take(test.engine([families]), families, (status) =>
      Promise.resolve(planRebuild(status, families, head)),
    );
    const logged = startService();
    await until(async () => logged.length > 0);
    await sleep(5 * HASTY.buildAgainMs);
    expect(logged).toEqual([
      expect.objectContaining({
        level: 30,
        msg: expect.stringMatching(/^Another process has been rebuilding/),
      }),
    ]);
    expect(logged[0]).not.toHaveProperty('err');
    await lease.release();
    await until(async () => logged.some(({ msg }) => msg === 'built'));
  });
});
