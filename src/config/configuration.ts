import { availableParallelism } from 'node:os';
import { parseMongodbUri } from './mongodb-uri.js';
import { UserFacingError } from './user-facing-error.js';
import {
  base64Key,
  connectionString,
  host,
  line,
  mongodbUri,
  numberBetween,
  oneOf,
  path,
  positiveNumber,
  wholeNumber,
  yesOrNo,
  type Variable,
} from './variable.js';

/** pino's levels, and its way to say nothing. */
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The database's name where the connection string has none. */
const DEFAULT_DATABASE_NAME = 'family_accounts';

/** Everything that can be set from outside, checked. Frozen. */
export interface Configuration extends Settings {
  /** The path of `mongodbUri`, or `family_accounts`. */
  readonly databaseName: string;
}

interface Settings {
  /** 0 lets the system choose. */
  readonly port: number;
  readonly host: string;
  /** Absolute. */
  readonly dataDir: string;
  /** Undefined: an embedded server is used. May lack credentials. */
  readonly mongodbUri: string | undefined;
  readonly mongodbAuditorUri: string | undefined;
  readonly mongodbAdminUri: string | undefined;
  readonly logLevel: LogLevel;
  /** Base64 of 32 bytes; read it through `loadSecrets`. */
  readonly familyKeysKek: string | undefined;
  /** Base64 of 32 bytes; read it through `loadSecrets`. */
  readonly serviceSecret: string | undefined;
  readonly allowWritableLog: boolean;
  readonly accessTokenTtlSeconds: number;
  readonly tokenIssuer: string;
  /** Hashes that may wait. */
  readonly passwordHashQueue: number;
  /** Hashes under way at once. */
  readonly passwordHashConcurrency: number;
  readonly appendDeadlineMs: number;
  readonly mongodBinary: string | undefined;
  readonly mongodPort: number | undefined;
  readonly mongodCacheGb: number;
  readonly mongodMinFreeMb: number;
  readonly mongodStartSeconds: number;
}

type Variables = { readonly [Key in keyof Settings]: Variable<NonNullable<Settings[Key]>> };

function variables(folder: string): Variables {
  return {
    port: {
      name: 'PORT',
      default: '3000',
      meaning: 'Port to listen on; 0 lets the system choose one.',
      read: wholeNumber(0, 65_535),
    },
    host: {
      name: 'HOST',
      default: '127.0.0.1',
      meaning: 'Address to listen on; 0.0.0.0 for every network of the machine.',
      read: host,
    },
    dataDir: {
      name: 'DATA_DIR',
      default: './data',
      meaning:
        'Folder of secrets and of the embedded MongoDB. Back it up; share it between processes of one installation.',
      read: path(folder),
    },
    mongodbUri: {
      name: 'MONGODB_URI',
      secret: true,
      unset: 'an embedded server is started',
      meaning:
        'Your own MongoDB (a replica set). Its path is the database’s name, `family_accounts` without one. Without credentials the `service` password of `DATA_DIR` is used.',
      read: mongodbUri,
    },
    mongodbAuditorUri: {
      name: 'MONGODB_AUDITOR_URI',
      secret: true,
      unset: 'as `MONGODB_URI`, with the `auditor` password of `DATA_DIR`',
      meaning: 'How checks that only read, but read everything, connect.',
      read: mongodbUri,
    },
    mongodbAdminUri: {
      name: 'MONGODB_ADMIN_URI',
      secret: true,
      unset: 'asked for as `--admin-uri`',
      meaning: 'How `database init`, and nothing else, connects: as an administrator of your own MongoDB.',
      read: connectionString,
    },
    logLevel: {
      name: 'LOG_LEVEL',
      default: 'info',
      meaning: `What is logged: ${LOG_LEVELS.join(', ')}.`,
      read: oneOf(LOG_LEVELS),
    },
    familyKeysKek: {
      name: 'FAMILY_KEYS_KEK',
      secret: true,
      unset: '`DATA_DIR/secrets/family-keys-kek`, generated once',
      meaning: 'The key that wraps every family’s key: 32 bytes in base64. Lost, all personal data is lost.',
      read: base64Key,
    },
    serviceSecret: {
      name: 'SERVICE_SECRET',
      secret: true,
      unset: '`DATA_DIR/secrets/service-secret`, generated once',
      meaning: 'What tokens are signed and idempotency keys stored with: 32 bytes in base64.',
      read: base64Key,
    },
    allowWritableLog: {
      name: 'ALLOW_WRITABLE_LOG',
      default: 'false',
      meaning:
        'true starts although the database user could change or delete events. Only for servers without access control.',
      read: yesOrNo,
    },
    accessTokenTtlSeconds: {
      name: 'ACCESS_TOKEN_TTL_SECONDS',
      default: '900',
      meaning: 'How long an access token is valid, in seconds; at most 900.',
      read: wholeNumber(1, 900),
    },
    tokenIssuer: {
      name: 'TOKEN_ISSUER',
      default: 'family-accounts',
      meaning: 'The `iss` of access tokens; usually the service’s public URL.',
      read: line,
    },
    passwordHashQueue: {
      name: 'PASSWORD_HASH_QUEUE',
      default: '512',
      meaning:
        'Passwords that may wait to be hashed before registrations and sign-ins answer 503; at least 256.',
      read: wholeNumber(256, 1_000_000),
    },
    passwordHashConcurrency: {
      name: 'PASSWORD_HASH_CONCURRENCY',
      unset: 'the number of cores',
      meaning: 'Passwords hashed at the same time; each takes 19 MiB.',
      read: wholeNumber(1, 1024),
    },
    appendDeadlineMs: {
      name: 'APPEND_DEADLINE_MS',
      default: '8000',
      meaning: 'How long a change may wait to be stored before it answers 503, in milliseconds.',
      read: wholeNumber(100, 600_000),
    },
    mongodBinary: {
      name: 'MONGOD_BINARY',
      unset: 'searched for, then downloaded',
      meaning: 'The `mongod` of the embedded server.',
      read: path(folder),
    },
    mongodPort: {
      name: 'MONGOD_PORT',
      unset: 'a free one, kept from then on',
      meaning: 'Port of the embedded server.',
      read: wholeNumber(1, 65_535),
    },
    mongodCacheGb: {
      name: 'MONGOD_CACHE_GB',
      default: '0.25',
      meaning: 'Cache of the embedded server, in GB; from 0.25 to 10000.',
      // What mongod itself takes.
      read: numberBetween(0.25, 10_000),
    },
    mongodMinFreeMb: {
      name: 'MONGOD_MIN_FREE_MB',
      default: '200',
      meaning: 'Room on the disk below which the embedded server is not started, in MB.',
      read: wholeNumber(0, 1_000_000_000),
    },
    mongodStartSeconds: {
      name: 'MONGOD_START_SECONDS',
      default: '20',
      meaning: 'How long the embedded server may take to start, in seconds.',
      read: positiveNumber,
    },
  };
}

/**
 * Reads the configuration from environment variables; an empty variable counts as unset. A relative path is
 * taken from `folder`.
 * @throws UserFacingError that names every variable that is not as expected.
 */
export function loadConfiguration(
  env: NodeJS.ProcessEnv = process.env,
  folder = process.cwd(),
): Configuration {
  const mistakes: string[] = [];
  function read<T>(variable: Variable<T>): T | undefined {
    const text = env[variable.name] || variable.default;
    if (text === undefined) return undefined;
    const reading = variable.read(text);
    if ('value' in reading) return reading.value;
    const given = variable.secret ? '' : `, not "${text}"`;
    mistakes.push(`${variable.name} must be ${reading.expected}${given}`);
    return undefined;
  }
  const all = variables(folder);
  const settings = Object.fromEntries(
    Object.entries(all).map(([key, variable]) => [key, read<unknown>(variable)]),
  ) as Omit<Settings, 'passwordHashConcurrency'> & { passwordHashConcurrency?: number };
  const { port, mongodPort, mongodbUri: ownServer } = settings;
  if (mongodPort !== undefined && port === mongodPort && ownServer === undefined) {
    mistakes.push(`MONGOD_PORT must be another port than PORT, which is ${port}`);
  }
  if (mistakes.length > 0) {
    throw new UserFacingError(`The configuration cannot be used: ${mistakes.join('; ')}.`, {
      remedies: ['correct or unset these environment variables; README.md lists all of them'],
    });
  }
  return Object.freeze({
    ...settings,
    passwordHashConcurrency: settings.passwordHashConcurrency ?? availableParallelism(),
    databaseName: parseMongodbUri(settings.mongodbUri ?? '')?.database ?? DEFAULT_DATABASE_NAME,
  });
}

/** Every variable with its default and its meaning: what README's table must say. */
export const configurationTable: readonly { name: string; default: string; meaning: string }[] =
  Object.values(variables('.')).map((variable: Variable<unknown>) => ({
    name: variable.name,
    default: variable.default === undefined ? (variable.unset ?? '') : `\`${variable.default}\``,
    meaning: variable.meaning,
  }));
