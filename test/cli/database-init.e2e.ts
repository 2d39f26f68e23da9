import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectDatabase } from '../../src/database/connect.js';
import { logDatabaseOf } from '../../src/database/database-names.js';
import { runCli, type CliResult } from '../support/cli-installation.js';
import {
  bareTestDatabase,
  createTestDatabase,
  testRootUri,
  type TestDatabase,
} from '../support/test-database.js';

let dataDir: string;
let database: TestDatabase;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'family-accounts-cli-'));
  database = await bareTestDatabase();
});
afterEach(async () => {
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

const usersFile = (folder = dataDir): Promise<string> =>
  readFile(join(folder, 'secrets', 'database-users.json'), 'utf8');

function init(args: readonly string[] = [], env: Record<string, string> = {}): Promise<CliResult> {
  return runCli(['database', 'init', ...args], {
    DATA_DIR: dataDir,
    MONGODB_ADMIN_URI: database.uriAs('root'),
    ...env,
  });
}

/** The server without credentials, and this as its path. */
function serverWith(path: string): string {
  const server = new URL(testRootUri());
  server.username = '';
  server.password = '';
  server.pathname = path;
  return server.href;
}

async function isMade(name: string): Promise<boolean> {
  return (await database.rootClient.db(logDatabaseOf(name)).listCollections().toArray()).length > 0;
}

describe('database init', () => {
  it('sets up a server of one’s own, and changes nothing the second time', async () => {
    const first = await init(['--json']);
    expect(first).toMatchObject({ code: 0 });
    expect(first.json()).toMatchObject({ name: database.name, users: expect.arrayContaining(['service']) });
    const passwords = await usersFile();
    expect(first.out).not.toContain(JSON.parse(passwords).service);

    const second = await init();
    expect(second).toMatchObject({ code: 0 });
    expect(second.err).not.toContain('Made');
    expect(await usersFile()).toBe(passwords);

    const env = { DATA_DIR: dataDir, MONGODB_URI: serverWith(database.name) };
    const status = await runCli(['database', 'status', '--json'], env);
    expect(status.json()).toMatchObject({ name: database.name, head: 0, events: 0, sentinel: 0 });
  });

  it('does not begin a second log from a data folder whose first one is gone', async () => {
    expect(await init()).toMatchObject({ code: 0 });
    const log = database.rootClient.db(database.logName);
    await log.dropDatabase();
    await log.command({ dropAllUsersFromDatabase: 1 });

    const { code, err } = await init();
    expect(code).toBe(1);
    expect(err).toContain(`although ${join(dataDir, database.name)}.begun says that it was begun`);
    expect(err).not.toMatch(/^\s+at /m);
    expect(await isMade(database.name)).toBe(false);
  });

  it('asks for an administrator, in a sentence, where none is named or its password is wrong', async () => {
    const nobody = await init([], { MONGODB_ADMIN_URI: serverWith(database.name) });
    expect(nobody.code).toBe(1);
    expect(nobody.err).toContain(`This database user may not set up the database ${database.name}`);
    expect(nobody.err).toContain('sign in as a user with the role "root"');
    expect(nobody.err).not.toMatch(/^\s+at /m);

    const mistyped = new URL(database.uriAs('root'));
    mistyped.password = 'mistyped';
    const wrong = await init([], { MONGODB_ADMIN_URI: mistyped.href });
    expect(wrong.code).toBe(1);
    expect(wrong.err).toContain('MongoDB refuses this user or password');
    expect(wrong.err).toContain('correct user and password of the administrator in MONGODB_ADMIN_URI');
    expect(wrong.err).not.toMatch(/database-users\.json|run "family-accounts database init"/);
  });

  it('keeps out of a server on which it may not see the users, with a sentence', async () => {
    const made = await createTestDatabase();
    try {
      const { code, err } = await init([], { MONGODB_ADMIN_URI: made.uriAs('reader') });
      expect(code).toBe(1);
      expect(err).toContain(`This database user may not set up the database ${made.name}`);
    } finally {
      await made.drop();
    }
  });
});

describe('whose installation database init sets up', () => {
  const nobodyIsLockedOut = async (made: TestDatabase): Promise<void> =>
    (await connectDatabase(made.uriAs('service'))).close();

  it('is not another’s: a data folder that knows other passwords locks nobody out', async () => {
    const made = await createTestDatabase();
    try {
      expect(await init()).toMatchObject({ code: 0 });
      const passwords = await usersFile();

      const { code, err } = await init([], { MONGODB_ADMIN_URI: made.uriAs('root') });
      expect(code).toBe(1);
      expect(err).toContain(`The database ${made.name} has users already, and ${dataDir} does not know`);
      await nobodyIsLockedOut(made);
      expect(await usersFile()).toBe(passwords);

      const reset = await init(['--reset-passwords'], { MONGODB_ADMIN_URI: made.uriAs('root') });
      expect(reset).toMatchObject({ code: 0 });
      await expect(nobodyIsLockedOut(made)).rejects.toThrow('refuses this user or password');
    } finally {
      await made.drop();
    }
  });

  it('is not another’s: a data folder that knows no password makes none', async () => {
    const made = await createTestDatabase();
    try {
      expect(await init([], { MONGODB_ADMIN_URI: made.uriAs('root') })).toMatchObject({ code: 1 });
      await nobodyIsLockedOut(made);
      await expect(usersFile()).rejects.toThrow('ENOENT');
    } finally {
      await made.drop();
    }
  });

  it.each([
    ['--name', ['--name'], '/', ''],
    ['the path of the administrator’s URI', [], '', ''],
    ['the path of MONGODB_URI, where the administrator’s says where to sign in', [], '/admin', 'MONGODB_URI'],
  ])('is named by %s', async (_where, [option], path, variable) => {
    const admin = new URL(database.uriAs('root'));
    if (path !== '') admin.pathname = path;
    const { code, out, err } = await init(option === undefined ? [] : [option, database.name], {
      MONGODB_ADMIN_URI: admin.href,
      MONGODB_URI: variable === '' ? '' : serverWith(database.name),
    });
    expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`The database ${database.name} is ready`);
    expect(await isMade(database.name)).toBe(true);
  });

  it.each([
    ['--name and the administrator’s URI', ['--name', 'another'], ''],
    ['the administrator’s URI and MONGODB_URI', [], 'another'],
  ])('is not guessed where %s name two', async (_where, args, path) => {
    const env = path === '' ? undefined : { MONGODB_URI: serverWith(path) };
    const { code, err } = await init(args, env);
    expect(code).toBe(2);
    expect(err).toContain('"another"');
    expect(err).toContain(`"${database.name}"`);
    expect(await isMade(database.name)).toBe(false);
    expect(await isMade('another')).toBe(false);
  });

  it('is named by an option sooner than by a variable: --admin-uri wins', async () => {
    const result = await init(['--admin-uri', database.uriAs('root')], {
      MONGODB_ADMIN_URI: 'mongodb://127.0.0.1:1/x',
    });
    expect(result).toMatchObject({ code: 0 });
  });
});
