import { embeddedStatus } from '../support/embedded-status.js';
import { register } from '../support/registering.js';
import { killProcesses, runCommand, startService } from '../support/service-process.js';
import { testDataDir } from '../support/test-data-dir.js';

const FAMILIES = 20;

let folder: Awaited<ReturnType<typeof testDataDir>>;
beforeEach(async () => (folder = await testDataDir()));
afterEach(async () => {
  await killProcesses();
  await folder.remove();
});

it('database status counts every event after a kill -9 of MongoDB, whose own number is then too low', async () => {
  const service = await startService({ dataDir: folder.path });
  const families = Array.from({ length: FAMILIES }, (_, index) => `family-${index}@example.org`);
  for (const email of families) expect(await register(service.url, email)).toMatchObject({ status: 201 });
  const { pid } = await embeddedStatus(folder.path);
  process.kill(pid ?? 0, 'SIGKILL');
  await service.kill('SIGKILL');

  const { code, stdout } = await runCommand(['database', 'status', '--json'], { dataDir: folder.path });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ head: FAMILIES, events: FAMILIES });
}, 60_000);
