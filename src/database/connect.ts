import mongoose, { type mongo } from 'mongoose';
import { formatMongodbUri, parseMongodbUri, URI_FORM } from '../config/mongodb-uri.js';
import { UserFacingError } from '../config/user-facing-error.js';
import { connectionFailure, unusableUri } from './connection-failure.js';
import { logDatabaseOf } from './database-names.js';
import { DATABASE_USERS, type DatabaseUser } from './roles.js';

/** Never to be weakened by a connection string: acknowledged means durable, read means committed (P3, P11). */
const GUARANTEES = {
  retryWrites: true,
  readConcern: { level: 'majority' },
  writeConcern: { w: 'majority', journal: true },
  ignoreUndefined: true,
} as const satisfies mongo.MongoClientOptions;
/** The same in a connection string. There they would win over what is passed beside it, so they are left out. */
const WEAKENING = ['w', 'j', 'journal', 'wtimeout', 'wtimeoutms', 'readconcernlevel', 'retrywrites'];

/**
 * What a connection string may set otherwise. With these a primary that hangs is given up after about 4 s;
 * with the driver's own values it takes 37 s.
 */
const DEFAULTS = {
  appName: 'family-accounts',
  connectTimeoutMS: 2_000,
  heartbeatFrequencyMS: 1_000,
  serverMonitoringMode: 'poll',
  serverSelectionTimeoutMS: 5_000,
  maxPoolSize: 32,
} as const satisfies mongo.MongoClientOptions;

/** The options with which every connection to `uri` is made: ours, less the defaults that the URI sets itself. */
export function clientOptions(
  uri: string,
  overrides: mongo.MongoClientOptions = {},
): mongo.MongoClientOptions {
  const set = new Set(names(parseMongodbUri(uri)?.options ?? new URLSearchParams()));
  const defaults = Object.fromEntries(
    Object.entries(DEFAULTS).filter(([name]) => !set.has(name.toLowerCase())),
  );
  return { ...defaults, ...overrides, ...GUARANTEES };
}

/**
 * Connects, and has signed in when it resolves. The caller closes the client.
 * @throws UserFacingError where the string cannot be used, the server does not answer, or refuses user or password. No
 *   message holds one.
 */
export async function connectDatabase(
  uri: string,
  overrides: mongo.MongoClientOptions = {},
): Promise<mongo.MongoClient> {
  let client: mongo.MongoClient;
  try {
    client = new mongoose.mongo.MongoClient(withGuarantees(uri), clientOptions(uri, overrides));
  } catch (error) {
    throw unusableUri(uri, error);
  }
  try {
    await client.connect();
    await client.db('admin').command({ ping: 1 });
    return client;
  } catch (error) {
    await client.close();
    throw connectionFailure(uri, error);
  }
}

/** Where to connect to, and as whom. */
export interface DatabaseUrlParts {
  /** A connection string to the server; credentials and database in it are replaced if `as` is given. */
  readonly server: string;
  /** The installation's database, which becomes the path. */
  readonly name: string;
  /** Without it, the server's own credentials stay. */
  readonly as?: DatabaseUser | 'root';
  readonly password?: string;
}

/**
 * One connection string with everything in it: `/<name>` as its path, and where the user lives
 * (`<name>_log`, or `admin` for anyone who is not ours) unless the string says so itself.
 * @throws UserFacingError where `server` is no connection string.
 */
export function databaseUrl({ server, name, as, password }: DatabaseUrlParts): string {
  const uri = parseMongodbUri(server);
  if (uri === undefined) {
    throw new UserFacingError('This is no MongoDB connection string.', {
      remedies: [URI_FORM],
    });
  }
  const signIn = ['authsource', 'authmechanism'];
  const options = without(uri.options, as === undefined ? WEAKENING : [...WEAKENING, ...signIn]);
  const username = as ?? uri.username;
  if (username !== undefined && !names(options).some((name) => signIn.includes(name))) {
    options.set('authSource', isOurs(username) ? logDatabaseOf(name) : 'admin');
  }
  const credentials = as === undefined ? {} : { username: as, password };
  const { username: _user, password: _password, ...rest } = uri;
  return formatMongodbUri({ ...(as === undefined ? uri : rest), ...credentials, database: name, options });
}

function withGuarantees(text: string): string {
  const uri = parseMongodbUri(text);
  return uri === undefined ? text : formatMongodbUri({ ...uri, options: without(uri.options, WEAKENING) });
}

/** Names of options count in whatever case they are written. */
function without(options: URLSearchParams, unwanted: readonly string[]): URLSearchParams {
  return new URLSearchParams([...options].filter(([name]) => !unwanted.includes(name.toLowerCase())));
}

function names(options: URLSearchParams): string[] {
  return [...options.keys()].map((name) => name.toLowerCase());
}

function isOurs(username: string): boolean {
  return (DATABASE_USERS as readonly string[]).includes(username);
}
