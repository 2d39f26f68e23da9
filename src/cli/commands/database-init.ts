import type { Command } from 'commander';
import type { mongo } from 'mongoose';
import type { Configuration } from '../../config/configuration.js';
import { ensureDatabaseUsers, readDatabaseUsers } from '../../config/database-users.js';
import { isDatabaseName, NAME_RULE, parseMongodbUri, URI_FORM } from '../../config/mongodb-uri.js';
import { UserFacingError } from '../../config/user-facing-error.js';
import { connectDatabase, databaseUrl } from '../../database/connect.js';
import { logDatabaseOf } from '../../database/database-names.js';
import type { Finding } from '../../database/finding.js';
import { inspectRights } from '../../database/inspect-rights.js';
import { hasCode, MONGO_CODE } from '../../database/mongo-codes.js';
import { DATABASE_USERS } from '../../database/roles.js';
import { setUp } from '../../database/set-up.js';
import { readModelNames } from '../../families/read-models/index.js';
import { UsageError } from '../exit-code.js';
import type { Terminal } from '../terminal.js';

interface InitOptions {
  adminUri?: string;
  resetPasswords?: boolean;
  name?: string;
  json?: boolean;
}

/** MongoDB's own databases: as the path of an administrator's URI they say where to sign in. */
const NO_INSTALLATION = ['admin', 'local', 'config'];

/** `database init` */
export function addInitCommand(database: Command, terminal: Terminal): void {
  database
    .command('init')
    .option(
      '--admin-uri <uri>',
      'connection string of an administrator of your MongoDB; other users of this machine can see it, so MONGODB_ADMIN_URI is the better place',
    )
    .option(
      '--name <name>',
      "the installation's database; default: the path of the administrator's URI, that of MONGODB_URI, or family_accounts",
    )
    .option(
      '--reset-passwords',
      'give existing users the passwords of this DATA_DIR; whoever uses the old ones is locked out',
    )
    .option('--json', 'print JSON')
    .description('Make databases, collections, indexes, roles and users on your own MongoDB. Safe to repeat.')
    .action((options: InitOptions) => init(terminal, options));
}

async function init(terminal: Terminal, options: InitOptions): Promise<void> {
  const configuration = terminal.configuration();
  const { dataDir } = configuration;
  const server = options.adminUri ?? configuration.mongodbAdminUri;
  if (server === undefined) {
    throw new UsageError(
      'database init needs the connection string of an administrator, in MONGODB_ADMIN_URI or as --admin-uri (run it with --help to see how it is called)',
    );
  }
  const name = installationName(options.name, server, configuration);
  const reporter = terminal.reporter(options.json);
  const root = await connectAsAdministrator(databaseUrl({ server, name }));
  let warnings: readonly Finding[];
  try {
    if (options.resetPasswords !== true) await requireOwnUsers(root, server, { name, dataDir });
    const passwords = await ensureDatabaseUsers(dataDir, DATABASE_USERS);
    await setUp(root, { dataDir, databaseName: name }, passwords, readModelNames, reporter);
    const { service: password } = passwords;
    warnings = await whatTheServiceWillRefuse(databaseUrl({ server, name, as: 'service', password }), name);
  } finally {
    await root.close();
  }
  for (const { problem, remedy } of warnings)
    reporter.line(`WARNING: the service will refuse to start: ${problem}. ${remedy}.`);
  terminal.answer(options.json, { name, users: DATABASE_USERS, dataDir, warnings }, () => [
    `The database ${name} is ready. The users' passwords are in ${dataDir}/secrets/database-users.json.`,
    `Start the service with MONGODB_URI naming the same server without credentials, and /${name} as its path.`,
  ]);
}

/** @throws UsageError where it is no connection string, UserFacingError where there is no connection */
async function connectAsAdministrator(uri: string): Promise<mongo.MongoClient> {
  try {
    return await connectDatabase(uri);
  } catch (error) {
    if (!(error instanceof UserFacingError) || !hasCode(error.cause, MONGO_CODE.authenticationFailed))
      throw error;
    throw new UserFacingError(error.message, {
      remedies: [
        'correct user and password of the administrator in MONGODB_ADMIN_URI or --admin-uri; both are percent-encoded there',
        'add authSource=… where this administrator is kept in another database than admin',
      ],
      cause: error.cause,
    });
  }
}

/** On a server without access control every user can change history, whatever it was granted. */
async function whatTheServiceWillRefuse(serviceUri: string, name: string): Promise<readonly Finding[]> {
  const client = await connectDatabase(serviceUri);
  try {
    return (await inspectRights(client, name, { allowWritableLog: false, projections: readModelNames }))
      .findings;
  } finally {
    await client.close();
  }
}

/** Which installation is meant. @throws UsageError where two places name two, or it can be none's name */
function installationName(
  given: string | undefined,
  server: string,
  { mongodbUri, databaseName }: Configuration,
): string {
  const uri = parseMongodbUri(server);
  if (uri === undefined) throw new UsageError(`The administrator's connection string is none. ${URI_FORM}.`);
  const path = uri.database;
  const named = [
    { where: '--name', name: given },
    {
      where: "the path of the administrator's connection string",
      name: NO_INSTALLATION.includes(path?.toLowerCase() ?? '') ? undefined : path,
    },
    { where: 'the path of MONGODB_URI', name: parseMongodbUri(mongodbUri ?? '')?.database },
  ].filter((one) => one.name !== undefined);
  if (new Set(named.map(({ name }) => name)).size > 1) {
    const contradiction = named.map(({ where, name }) => `${where} says "${name}"`).join(', ');
    throw new UsageError(
      `It is not clear which installation is meant: ${contradiction}. Nothing was changed.`,
    );
  }
  const name = named[0]?.name ?? databaseName;
  if (!isDatabaseName(name))
    throw new UsageError(`"${name}" cannot be the name of the database: ${NAME_RULE}.`);
  return name;
}

/** Users whose passwords this folder does not know belong to an installation that runs elsewhere. */
async function requireOwnUsers(
  root: mongo.MongoClient,
  server: string,
  { name, dataDir }: { name: string; dataDir: string },
): Promise<void> {
  if (!(await hasUsers(root, name))) return;
  const { service: password } = await readDatabaseUsers(dataDir);
  if (password !== undefined && (await signsIn(databaseUrl({ server, name, as: 'service', password }))))
    return;
  throw new UserFacingError(
    `The database ${name} has users already, and ${dataDir} does not know their passwords. Nothing was changed.`,
    {
      remedies: [
        'set DATA_DIR to the folder they were made with, or copy its secrets/database-users.json here',
        'name another database, if another installation has this one',
        'add --reset-passwords to give them new ones: every process that uses the old ones is locked out',
      ],
    },
  );
}

async function hasUsers(root: mongo.MongoClient, name: string): Promise<boolean> {
  try {
    const { users }: { users?: unknown } = await root
      .db(logDatabaseOf(name))
      .command({ usersInfo: 'service' });
    return Array.isArray(users) && users.length > 0;
  } catch (error) {
    // Who may not see users may not make any either: setting up says so.
    if (hasCode(error, MONGO_CODE.unauthorized)) return false;
    throw error;
  }
}

async function signsIn(url: string): Promise<boolean> {
  try {
    await (await connectDatabase(url)).close();
    return true;
  } catch (error) {
    if (error instanceof UserFacingError && hasCode(error.cause, MONGO_CODE.authenticationFailed))
      return false;
    throw error;
  }
}
