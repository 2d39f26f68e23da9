import type { Configuration } from '../config/configuration.js';
import { ensureDatabaseUsers, readDatabaseUsers } from '../config/database-users.js';
import { findLogMark } from '../config/log-mark.js';
import { parseMongodbUri } from '../config/mongodb-uri.js';
import { silentReporter, type Reporter } from '../config/reporter.js';
import { UserFacingError } from '../config/user-facing-error.js';
import { connectDatabase, databaseUrl } from './connect.js';
import { dataFolder, holdsDatabase, refuseFileAsFolder } from './embedded/data-folder.js';
import { startEmbedded, type EmbeddedMongod } from './embedded/start-embedded.js';
import { lostLog } from './lost-log.js';
import { DATABASE_USERS, type DatabaseUser } from './roles.js';
import { setUp } from './set-up.js';

/** The installation's database, running, for as long as it is held open. */
export interface OpenDatabase {
  /** `<name>`; the log lies in `<name>_log`. */
  readonly name: string;
  /** The embedded server, or null where `MONGODB_URI` names another. */
  readonly embedded: EmbeddedMongod | null;
  /** A connection string of this user. @throws UserFacingError where its password is not known here. */
  urlAs(user: DatabaseUser | 'root'): Promise<string>;
  /** Ends this use; an embedded server that nobody else uses is stopped. */
  close(): Promise<void>;
}

export interface OpenDatabaseOptions {
  reporter: Reporter;
  env: NodeJS.ProcessEnv;
  /** The service makes a new installation; a command that only looks at one does not. */
  mayCreate: boolean;
  /** The names of all projections: the service gets rights on the slots and views of each. */
  projections: readonly string[];
  /** Breaks it off: a server that was started for this is stopped again, and the signal's reason thrown. */
  stop?: AbortSignal | undefined;
}

/**
 * Opens the database of this configuration: the server behind `MONGODB_URI`, or the embedded one, started or
 * joined and, where the service starts, set up.
 * @throws UserFacingError for everything a person can mend
 */
export async function openDatabase(
  configuration: Configuration,
  options: OpenDatabaseOptions,
): Promise<OpenDatabase> {
  return configuration.mongodbUri === undefined
    ? openEmbedded(configuration, options)
    : openExternal(configuration, configuration.mongodbUri);
}

async function openEmbedded(
  configuration: Configuration,
  { reporter, env, mayCreate, projections, stop }: OpenDatabaseOptions,
): Promise<OpenDatabase> {
  const { dataDir, databaseName: name } = configuration;
  await refuseFileAsFolder(dataDir);
  const folder = dataFolder(dataDir);
  const isNew = !(await holdsDatabase(folder));
  const mark = findLogMark(dataDir, name);
  if (isNew && mark !== undefined) {
    throw lostLog(`${folder.database} is missing or empty, although ${mark} says that a log was begun in it`);
  }
  if (isNew && !mayCreate) {
    throw new UserFacingError(`There is no installation in ${dataDir} yet.`, {
      remedies: [
        'start the service once with "npm start": that makes one',
        'set DATA_DIR to the data folder of the installation you mean, or MONGODB_URI to its server',
      ],
    });
  }
  const embedded = await startEmbedded({ configuration, env, reporter, stop });
  try {
    stop?.throwIfAborted();
    if (mayCreate) {
      const passwords = await ensureDatabaseUsers(dataDir, DATABASE_USERS);
      await setUpAsRoot(
        embedded.rootUri,
        configuration,
        passwords,
        projections,
        isNew ? silentReporter : reporter,
      );
    }
    return {
      name,
      embedded,
      urlAs: async (as) => {
        const password = as === 'root' ? embedded.rootPassword : (await readDatabaseUsers(dataDir))[as];
        if (password !== undefined) return databaseUrl({ server: embedded.rootUri, name, as, password });
        throw passwordUnknown(as, [
          'restore DATA_DIR/secrets/database-users.json from the backup of the data folder',
          'or start the service once with "npm start": that gives the user a password and keeps it in DATA_DIR/secrets/database-users.json',
        ]);
      },
      close: () => embedded.release(),
    };
  } catch (error) {
    await embedded.release();
    throw error;
  }
}

async function setUpAsRoot(
  rootUri: string,
  configuration: Configuration,
  passwords: Readonly<Record<DatabaseUser, string>>,
  projections: readonly string[],
  reporter: Reporter,
): Promise<void> {
  const root = await connectDatabase(rootUri);
  try {
    // On an installation that exists, whatever had to be made again was lost: it is said aloud.
    await setUp(root, configuration, passwords, projections, reporter);
  } finally {
    await root.close();
  }
}

function openExternal(
  { dataDir, databaseName: name, mongodbAuditorUri }: Configuration,
  server: string,
): OpenDatabase {
  return {
    name,
    embedded: null,
    urlAs: async (as) => {
      // A connection string that names its user is the service's own, made by whoever runs the server.
      if (as === 'service' && parseMongodbUri(server)?.username !== undefined)
        return databaseUrl({ server, name });
      if (as === 'auditor' && mongodbAuditorUri !== undefined)
        return databaseUrl({ server: mongodbAuditorUri, name });
      if (as === 'root') {
        throw new UserFacingError('The administrator of your own MongoDB is not known here.', {
          remedies: ['use the connection string with which "database init" was run (MONGODB_ADMIN_URI)'],
        });
      }
      const password = (await readDatabaseUsers(dataDir))[as];
      if (password !== undefined) return databaseUrl({ server, name, as, password });
      throw passwordUnknown(as, [
        'run "family-accounts database init" with MONGODB_ADMIN_URI: it makes the users and keeps their passwords in DATA_DIR/secrets/database-users.json',
        as === 'service'
          ? 'or put user and password into MONGODB_URI'
          : 'or copy that file from where it was run',
        ...(as === 'auditor' ? ['or set MONGODB_AUDITOR_URI'] : []),
      ]);
    },
    close: () => Promise.resolve(),
  };
}

function passwordUnknown(user: string, remedies: readonly string[]): UserFacingError {
  return new UserFacingError(`The password of the database user "${user}" is not known here.`, { remedies });
}
