import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedStatus } from '../support/embedded-status.js';
import { killDatabase, killService, runRounds } from '../support/kill-rounds.js';
import { expectKept, startLoad } from '../support/load.js';
import { killProcesses, startService } from '../support/service-process.js';
import { testDataDir } from '../support/test-data-dir.js';

let folder: Awaited<ReturnType<typeof testDataDir>>;

beforeEach(async () => (folder = await testDataDir()));
afterEach(async () => {
  await killProcesses();
  await folder.remove();
});

describe('under a load of registrations', () => {
  it('a kill -9 of the service loses nothing that was acknowledged, and repeats nothing', async () => {
    await runRounds(folder.path, [killService, killService]);
  }, 180_000);

  it('a kill -9 of the database is answered 503 in time, loses nothing and repeats nothing', async () => {
    await runRounds(folder.path, [killDatabase]);
  }, 180_000);

  it('SIGTERM answers what is under way, stops service and database, and ends with 0', async () => {
    const service = await startService({ dataDir: folder.path });
    const load = startLoad(service.url, { name: 'sigterm' });
    await load.acknowledged(10);
    const ended = service.kill('SIGTERM');
    // Some calls begin while it stops; clients that find nobody there are not the point.
    await sleep(100);
    const calls = await load.stop();
    expect(await ended).toEqual({ code: 0, signal: null });
    const answers = calls.flatMap(({ outcome }) => outcome ?? []);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.filter(({ problem }) => problem !== 'service-stopping')).toEqual([]);
    expect(await embeddedStatus(folder.path)).toMatchObject({ running: false, users: [] });

    const next = await startService({ dataDir: folder.path });
    await expectKept(next.url, calls);
  }, 120_000);
});
