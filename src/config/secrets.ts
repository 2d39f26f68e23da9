import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Configuration } from './configuration.js';
import { silentReporter, type Reporter } from './reporter.js';
import { createSecretFile, readSecretFile, secretsFolder } from './secret-files.js';
import { UserFacingError } from './user-facing-error.js';
import { decodeKey } from './variable.js';

/** Bytes of every secret and of every key derived from one. */
const KEY_BYTES = 32;
/** What separates fingerprints from everything else the secrets are used for. Stored: never to be changed. */
const FINGERPRINT_LABEL = 'family-accounts/fingerprint/v1';
const FINGERPRINT_BYTES = 16;

/** The secrets of an installation; all its processes have the same. */
export interface Secrets {
  /** Wraps each family's key. */
  readonly keyEncryptionKey: Buffer;
  readonly keyEncryptionKeySource: 'environment' | 'file';
  /** Everything else is derived from it: `deriveKey`. */
  readonly serviceSecret: Buffer;
}

export interface LoadSecretsOptions {
  /**
   * Whether a missing secret may be generated: only where the database is new (`isNewInstallation`). With
   * data in it a new key would hide that the right one is lost.
   */
  readonly mayCreate: boolean;
  readonly reporter?: Reporter;
}

type SecretName = 'familyKeysKek' | 'serviceSecret';

const SECRETS: Readonly<Record<SecretName, { variable: string; file: string; title: string }>> = {
  familyKeysKek: { variable: 'FAMILY_KEYS_KEK', file: 'family-keys-kek', title: 'The key-encryption key' },
  serviceSecret: { variable: 'SERVICE_SECRET', file: 'service-secret', title: 'The service secret' },
};

/**
 * Reads the secrets from the environment, else from `DATA_DIR/secrets`; generates them there if it may.
 * Processes that start at the same moment end up with the same ones.
 * @throws UserFacingError where one is missing, malformed, or readable by others. Nothing is written then.
 */
export async function loadSecrets(
  configuration: Pick<Configuration, 'dataDir' | SecretName>,
  { mayCreate, reporter = silentReporter }: LoadSecretsOptions,
): Promise<Secrets> {
  // Both are looked at before either is made: a refusal leaves no file behind.
  const kek = await findSecret(configuration, 'familyKeysKek', mayCreate, reporter);
  const service = await findSecret(configuration, 'serviceSecret', mayCreate, reporter);
  return {
    keyEncryptionKey: kek.found ?? (await createSecret(kek.path, 'familyKeysKek', reporter)),
    keyEncryptionKeySource: kek.source,
    serviceSecret: service.found ?? (await createSecret(service.path, 'serviceSecret', reporter)),
  };
}

/** Where the file of a secret lies, whether it exists or not. */
export function secretPath(dataDir: string, name: SecretName): string {
  return join(secretsFolder(dataDir), SECRETS[name].file);
}

/**
 * Names a secret without giving it away: stored in the database, it tells whether another process has the
 * same. HMAC-SHA256 of a fixed label, the first 16 bytes in hex.
 */
export function fingerprintOf(secret: Uint8Array): string {
  const digest = createHmac('sha256', secret).update(FINGERPRINT_LABEL).digest();
  return digest.subarray(0, FINGERPRINT_BYTES).toString('hex');
}

/** 32 bytes for one purpose (HKDF-SHA256, RFC 5869). Another purpose gives an unrelated key. */
export function deriveKey(serviceSecret: Uint8Array, purpose: string): Buffer {
  return Buffer.from(
    hkdfSync('sha256', serviceSecret, new Uint8Array(), `family-accounts/${purpose}`, KEY_BYTES),
  );
}

interface FoundSecret {
  readonly path: string;
  readonly source: 'environment' | 'file';
  /** Undefined where it is to be made. */
  readonly found: Buffer | undefined;
}

async function findSecret(
  configuration: Pick<Configuration, 'dataDir' | SecretName>,
  name: SecretName,
  mayCreate: boolean,
  reporter: Reporter,
): Promise<FoundSecret> {
  const { variable, title } = SECRETS[name];
  const path = secretPath(configuration.dataDir, name);
  const given = configuration[name];
  if (given !== undefined) {
    const found = decoded(given, variable);
    await compareWithFile(found, path, variable, reporter);
    return { path, source: 'environment', found };
  }
  const text = await readSecretFile(path);
  if (text !== undefined) return { path, source: 'file', found: decoded(text, path) };
  if (mayCreate) return { path, source: 'file', found: undefined };
  throw new UserFacingError(
    `${title} of this installation is missing: there is no ${path}, and ${variable} is not set. Nothing was changed.`,
    {
      remedies: [
        `restore ${path} from the backup of the data folder (mode 600), or set ${variable}`,
        'make sure that DATA_DIR is the folder this database was set up with',
      ],
    },
  );
}

async function createSecret(path: string, name: SecretName, reporter: Reporter): Promise<Buffer> {
  const mine = randomBytes(KEY_BYTES);
  const stored = decoded(await createSecretFile(path, `${mine.toString('base64')}\n`), path);
  if (stored.equals(mine))
    reporter.line(`${SECRETS[name].title} was generated: ${path} (keep a copy elsewhere)`);
  return stored;
}

/** The environment wins; somebody who forgot about the file should hear of it. */
async function compareWithFile(
  given: Buffer,
  path: string,
  variable: string,
  reporter: Reporter,
): Promise<void> {
  const text = await readSecretFile(path).catch(() => undefined);
  if (text === undefined || decodeKey(text)?.equals(given) === true) return;
  reporter.line(`${variable} differs from ${path}; the environment is used, the file is not`);
}

function decoded(text: string, where: string): Buffer {
  const key = decodeKey(text);
  if (key !== undefined) return key;
  throw new UserFacingError(`${where} does not hold 32 bytes in base64.`, {
    remedies: [
      'restore it from a backup; a new one cannot read what is stored',
      'a secret for a new installation: openssl rand -base64 32',
    ],
  });
}
