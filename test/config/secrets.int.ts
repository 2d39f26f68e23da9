import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { loadConfiguration } from '../../src/config/configuration.js';
import {
  databaseUsersPath,
  ensureDatabaseUsers,
  readDatabaseUsers,
} from '../../src/config/database-users.js';
import { deriveKey, fingerprintOf, loadSecrets, secretPath, type Secrets } from '../../src/config/secrets.js';
import { UserFacingError } from '../../src/config/user-facing-error.js';
import { recordingReporter } from '../support/recording-reporter.js';

const MAKE_SECRETS = resolve(import.meta.dirname, '..', 'support', 'make-secrets.mjs');

let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'family-accounts-secrets-'));
});

afterEach(() => rm(dataDir, { recursive: true }));

function load(
  env: NodeJS.ProcessEnv = {},
  mayCreate = false,
  reporter = recordingReporter(),
): Promise<Secrets> {
  return loadSecrets(loadConfiguration({ ...env, DATA_DIR: dataDir }), { mayCreate, reporter });
}

describe('secrets', () => {
  it('are generated once, and only for their owner to read', async () => {
    const reporter = recordingReporter();
    const first = await load({}, true, reporter);
    expect(first.keyEncryptionKey).toHaveLength(32);
    expect(first.keyEncryptionKey.equals(first.serviceSecret)).toBe(false);
    expect(await load()).toEqual(first);
    expect(reporter.lines).toHaveLength(2);
    expect((await stat(join(dataDir, 'secrets'))).mode & 0o777).toBe(0o700);
    expect((await stat(secretPath(dataDir, 'familyKeysKek'))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(dataDir, 'secrets'))).toEqual(['family-keys-kek', 'service-secret']);
  });

  it('are not generated for a database that is in use, and nothing is left behind', async () => {
    await expect(load()).rejects.toThrow(
      `The key-encryption key of this installation is missing: there is no ${secretPath(dataDir, 'familyKeysKek')}`,
    );
    expect(await readdir(dataDir)).toEqual([]);
    await load({}, true);
    await rm(secretPath(dataDir, 'serviceSecret'));
    await expect(load()).rejects.toThrow('The service secret of this installation is missing');
    expect(await readdir(join(dataDir, 'secrets'))).toEqual(['family-keys-kek']);
  });

  it('come from the environment first, which leaves no file', async () => {
    const kek = randomBytes(32);
    const secret = randomBytes(32);
    const env = { FAMILY_KEYS_KEK: kek.toString('base64'), SERVICE_SECRET: secret.toString('base64url') };
    expect(await load(env)).toEqual({
      keyEncryptionKey: kek,
      keyEncryptionKeySource: 'environment',
      serviceSecret: secret,
    });
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('say where environment and file differ', async () => {
    const { keyEncryptionKey } = await load({}, true);
    const reporter = recordingReporter();
    await load({ FAMILY_KEYS_KEK: keyEncryptionKey.toString('base64') }, false, reporter);
    expect(reporter.lines).toEqual([]);
    await load({ FAMILY_KEYS_KEK: randomBytes(32).toString('base64') }, false, reporter);
    expect(reporter.lines).toEqual([
      `FAMILY_KEYS_KEK differs from ${secretPath(dataDir, 'familyKeysKek')}; the environment is used, the file is not`,
    ]);
  });

  it('are refused when others can read them, with the command that ends it', async () => {
    await load({}, true);
    await chmod(secretPath(dataDir, 'familyKeysKek'), 0o640);
    const error: unknown = await load().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserFacingError);
    expect((error as UserFacingError).message).toContain('mode 640');
    expect((error as UserFacingError).remedies).toContain(
      `chmod 600 ${secretPath(dataDir, 'familyKeysKek')}`,
    );
  });

  it.each(['', 'short', Buffer.alloc(31).toString('base64'), Buffer.alloc(33).toString('base64')])(
    'are refused when the file holds "%s"',
    async (text) => {
      await mkdir(join(dataDir, 'secrets'));
      await writeFile(secretPath(dataDir, 'familyKeysKek'), text, { mode: 0o600 });
      await expect(load({}, true)).rejects.toThrow('family-keys-kek does not hold 32 bytes in base64');
      expect(await readFile(secretPath(dataDir, 'familyKeysKek'), 'utf8')).toBe(text);
    },
  );

  it('are one and the same for processes that start at the same moment', async () => {
    const run = () => promisify(execFile)(process.execPath, [MAKE_SECRETS, dataDir]);
    const outputs = await Promise.all([run(), run(), run(), run()]);
    expect(new Set(outputs.map(({ stdout }) => stdout)).size).toBe(1);
    expect(await readdir(join(dataDir, 'secrets'))).toEqual([
      'database-users.json',
      'family-keys-kek',
      'service-secret',
    ]);
  });
});

describe('what is made of secrets', () => {
  const secret = Buffer.alloc(32, 7);

  it('is a fingerprint that never changes', () => {
    expect(fingerprintOf(secret)).toBe('bfd448b988d22a3c8374313cf3c51198');
    expect(fingerprintOf(Buffer.alloc(32, 8))).not.toBe(fingerprintOf(secret));
  });

  it('is one key per purpose that never changes', () => {
    expect(deriveKey(secret, 'access-tokens').toString('hex')).toBe(
      '4c67dd1a9c3c9829d3f30d4c52e527a2fee44e243d11bde49f92cc68d50b2741',
    );
    expect(deriveKey(secret, 'idempotency-keys').equals(deriveKey(secret, 'access-tokens'))).toBe(false);
  });
});

describe('passwords of the database’s users', () => {
  it('are generated where they are missing, and nobody else’s is touched', async () => {
    await mkdir(join(dataDir, 'secrets'));
    await writeFile(databaseUsersPath(dataDir), '{"root": "r", "service": "s"}', { mode: 0o600 });
    const users = await ensureDatabaseUsers(dataDir, ['service', 'reader']);
    expect(users).toMatchObject({ service: 's', reader: expect.stringMatching(/^[\w-]{32}$/) as string });
    expect(await readDatabaseUsers(dataDir)).toEqual({ root: 'r', ...users });
    expect(await ensureDatabaseUsers(dataDir, ['reader'])).toEqual(await readDatabaseUsers(dataDir));
    expect((await stat(databaseUsersPath(dataDir))).mode & 0o777).toBe(0o600);
  });

  it('are none where there is no file, and an error where it is damaged', async () => {
    expect(await readDatabaseUsers(dataDir)).toEqual({});
    await mkdir(join(dataDir, 'secrets'));
    for (const text of ['', '{', '[]', '{"service": 1}']) {
      await writeFile(databaseUsersPath(dataDir), text, { mode: 0o600 });
      await expect(ensureDatabaseUsers(dataDir, ['service'])).rejects.toThrow('is not a JSON object');
    }
  });

  it('are made although another process was killed while it made them', async () => {
    await mkdir(join(dataDir, 'secrets'));
    const lock = `${databaseUsersPath(dataDir)}.lock`;
    await mkdir(lock);
    await writeFile(join(lock, `${process.pid}.${Buffer.from('long ago').toString('base64url')}.00`), '1\n');
    expect(Object.keys(await ensureDatabaseUsers(dataDir, ['service']))).toEqual(['service']);
  });
});
