import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserFacingError } from '../../../src/config/user-facing-error.js';
import { embeddedStatus } from '../../support/embedded-status.js';
import { startEmbedded } from '../../../src/database/embedded/start-embedded.js';
import { embeddedOptions } from '../../support/embedded-options.js';
import { testDataDir } from '../../support/test-data-dir.js';

describe('a mongod that does not start', () => {
  let folder: Awaited<ReturnType<typeof testDataDir>>;
  beforeEach(async () => (folder = await testDataDir()));
  afterEach(() => folder.remove());

  /** Starts with a program that passes for a mongod until it is asked to serve. */
  const startWith = async (script: string, seconds = '20'): Promise<UserFacingError> => {
    const binary = join(folder.path, 'fake-mongod');
    await writeFile(
      binary,
      `#!/bin/sh\nif [ "$1" = --version ]; then echo "db version v6.0.5"; exit 0; fi\n${script}\n`,
    );
    await chmod(binary, 0o755);
    try {
      await startEmbedded(
        embeddedOptions(join(folder.path, 'data'), { MONGOD_BINARY: binary, MONGOD_START_SECONDS: seconds }),
      );
    } catch (error) {
      if (error instanceof UserFacingError) return error;
      throw error;
    }
    throw new Error('It started');
  };

  const logLine = (severity: string, message: string): string =>
    JSON.stringify({
      t: { $date: '2026-01-01T00:00:00Z' },
      s: severity,
      c: 'STORAGE',
      id: 1,
      ctx: 'main',
      msg: message,
    });

  it('quotes the fatal line of the log and what the exit code means', async () => {
    const error = await startWith(
      `echo '${logLine('I', 'Routine')}'; echo '${logLine('F', 'Wrong data files')}'; exit 62`,
    );
    expect(error.message).toBe(
      'MongoDB ended while it was starting (exit code 62): the data files were written by another version of MongoDB.\n' +
        'Its log says:\n    Wrong data files',
    );
    expect(error.remedies).toContain(
      'set MONGOD_BINARY to a mongod of the version that this data folder was made with',
    );
  });

  it.each([
    [14, 'it found its own files in a state it cannot go on from'],
    [100, 'it cannot open its data files: another mongod uses them, they are read-only or damaged'],
    [127, 'a library it needs is missing'],
    [77, 'it gave no known reason'],
  ])('puts exit code %i into words', async (code, meaning) => {
    const { message } = await startWith(`echo 'plain complaint' >&2; exit ${code}`);
    expect(message).toContain(`(exit code ${code}): ${meaning}.`);
    expect(message).toContain('plain complaint');
  });

  it('tells a processor without the needed instructions from other ends', async () => {
    expect((await startWith('kill -ILL $$')).message).toContain(
      '(signal SIGILL): this processor lacks instructions',
    );
  });

  it('gives up on one that runs and never answers, ends it, and quotes its log', async () => {
    const error = await startWith(
      `echo '${logLine('W', 'Waiting for ever')}'; echo $$ > "${folder.path}/pid"; exec sleep 60`,
      '1',
    );
    expect(error.message).toBe(
      'MongoDB did not get ready within 1 s; it was stopped again.\nIts log says:\n    Waiting for ever',
    );
    const pid = Number(await readFile(join(folder.path, 'pid'), 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('refuses a data folder of another MongoDB version before touching it', async () => {
    const dataDir = join(folder.path, 'data');
    await mkdir(join(dataDir, 'mongodb'), { recursive: true });
    await mkdir(join(dataDir, 'secrets'));
    await writeFile(join(dataDir, 'mongodb/WiredTiger'), 'WiredTiger');
    await writeFile(join(dataDir, 'secrets/mongod-keyfile'), 'key');
    await writeFile(join(dataDir, 'secrets/database-users.json'), '{"root":"password"}', { mode: 0o600 });
    const record = { binary: '/opt/mongodb-9.1/bin/mongod', version: '9.1.2', port: 27_300 };
    await writeFile(join(dataDir, 'mongod.json'), JSON.stringify(record));
    const error = await startWith('exit 0');
    expect(error.message).toMatch(
      /MONGOD_BINARY cannot be used: .* is MongoDB 6\.0\.5; this data folder belongs to MongoDB 9\.1\.$/,
    );
    expect(JSON.parse(await readFile(join(dataDir, 'mongod.json'), 'utf8'))).toEqual(record);
    expect(await embeddedStatus(dataDir)).toMatchObject({ running: false, version: '9.1.2' });
  });
});
