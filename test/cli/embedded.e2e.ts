import { readFile, writeFile } from 'node:fs/promises';
import { databaseUsersPath } from '../../src/config/database-users.js';
import { embeddedStatus } from '../support/embedded-status.js';
import { register, signIn } from '../support/registering.js';
import { killProcesses, runCommand, startService } from '../support/service-process.js';
import { testDataDir } from '../support/test-data-dir.js';
import { withMongoClient } from '../support/with-mongo-client.js';

const EMAIL = 'maria@example.org';

let folder: Awaited<ReturnType<typeof testDataDir>>;

beforeAll(async () => {
  folder = await testDataDir();
  const service = await startService({ dataDir: folder.path });
  expect(await register(service.url, EMAIL)).toMatchObject({ status: 201 });
  expect(await service.kill('SIGTERM')).toMatchObject({ code: 0 });
}, 120_000);
afterEach(killProcesses);
afterAll(() => folder.remove());

const run = (...args: string[]) => runCommand(args, { dataDir: folder.path });
const isRunning = async (): Promise<boolean> => (await embeddedStatus(folder.path)).running;

describe('a command, while the service with its embedded MongoDB is stopped', () => {
  it.each([
    { args: ['families', 'show', EMAIL], says: /The Faulty \(open\)/ },
    { args: ['events', 'tail', '--personal'], says: /FamilyRegistered.*maria@example\.org/ },
    { args: ['events', 'show', '1'], says: /"position": 1/ },
    { args: ['claims', 'verify'], says: /Claims: 1, all as the log says/ },
    { args: ['claims', 'rebuild'], says: /Claims: 1, all as the log says/ },
    { args: ['database', 'status'], says: /1 events, head at 1/ },
    { args: ['doctor'], says: /The service can neither change nor delete events/ },
  ])(
    'does its work and stops what it started: $args',
    async ({ args, says }) => {
      const { code, stdout } = await run(...args);
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(says) });
      expect(await isRunning()).toBe(false);
    },
    60_000,
  );

  it('leaves the passwords as they are, and makes none that the database would not know', async () => {
    const path = databaseUsersPath(folder.path);
    const before = await readFile(path, 'utf8');
    const { reader: _lost, ...others } = JSON.parse(before);
    const less = JSON.stringify(others);
    await writeFile(path, less);

    const { code, output } = await run('events', 'tail');
    expect(code).toBe(1);
    expect(output).toMatch(/The password of the database user "reader" is not known here.*npm start/s);
    expect(await readFile(path, 'utf8')).toBe(less);
    await writeFile(path, before);
  }, 60_000);
});

describe('database url of an embedded MongoDB', () => {
  it('says that it runs as long as the service does', async () => {
    const { code, output } = await run('database', 'url');
    expect(code).toBe(0);
    expect(output).toMatch(/^mongodb:\/\/reader:\S+$/m);
    expect(output).toContain('The embedded MongoDB runs while the service or a command does');
  }, 60_000);

  it('as root administers it', async () => {
    const service = await startService({ dataDir: folder.path });
    const { code, stdout } = await run('database', 'url', '--as', 'root');
    expect(code).toBe(0);
    const users = await withMongoClient(stdout.trim(), async (client) => {
      const { authInfo } = await client.db().command({ connectionStatus: 1 });
      expect(authInfo.authenticatedUserRoles).toEqual([{ role: 'root', db: 'admin' }]);
      return (await client.db('family_accounts_log').command({ usersInfo: 1 }))['users'];
    });
    expect(users).toHaveLength(4);
    expect(await signIn(service.url, EMAIL)).toMatchObject({ status: 201 });
    expect(await service.kill('SIGTERM')).toMatchObject({ code: 0 });
  }, 120_000);
});
