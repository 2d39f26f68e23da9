import type { Command } from 'commander';
import { Option } from 'commander';
import type { mongo } from 'mongoose';
import { ensureDatabaseUsers, readDatabaseUsers } from '../../config/database-users.js';
import { connectDatabase, databaseUrl } from '../../database/connect.js';
import { logDatabaseOf } from '../../database/database-names.js';
import { UserFacingError } from '../../config/user-facing-error.js';
import { databaseStatus } from '../../database/database-status.js';
import { setUp } from '../../database/set-up.js';
import { DATABASE_USERS, type DatabaseUser } from '../../database/roles.js';
import type { Terminal } from '../terminal.js';

interface InitOptions {
  adminUri: string;
  resetPasswords?: boolean;
  name?: string;
  json?: boolean;
}

/** `database url`, `database init`, `database status` */
export function addDatabaseCommands(program: Command, terminal: Terminal): void {
  const database = program.command('database').description('The MongoDB behind this installation.');
  database
    .command('url')
    .addOption(
      new Option('--as <user>', 'whose connection string')
        .choices([...DATABASE_USERS, 'root'])
        .default('reader'),
    )
    .option('--json', 'print JSON')
    .description('Print how to reach the database. The string holds a password.')
    .action((options: { as: DatabaseUser | 'root'; json?: boolean }) => printUrl(terminal, options));
  database
    .command('init')
    .requiredOption('--admin-uri <uri>', 'connection string of an administrator of your MongoDB')
    .option(
      '--name <name>',
      "the installation's database; default: the path of MONGODB_URI, or family_accounts",
    )
    .option(
      '--reset-passwords',
      'give existing users the passwords of this DATA_DIR; whoever uses the old ones is locked out',
    )
    .option('--json', 'print JSON')
    .description('Make databases, collections, indexes, roles and users on your own MongoDB. Safe to repeat.')
    .action((options: InitOptions) => init(terminal, options));
  database
    .command('status')
    .option('--json', 'print JSON')
    .description('Show server, replica set, and what is stored.')
    .action((options: { json?: boolean }) => status(terminal, options.json));
}

async function printUrl(
  terminal: Terminal,
  { as, json }: { as: DatabaseUser | 'root'; json?: boolean },
): Promise<void> {
  await terminal.withDatabase(json, async (database) => {
    const url = await database.urlAs(as);
    terminal.answer(json, { url, as }, () => [url]);
    if (database.embedded?.adopted === false && json !== true) {
      terminal.reporter().line('The embedded MongoDB runs while the service or a command does: npm start');
    }
  });
}

async function init(
  terminal: Terminal,
  { adminUri, name: given, resetPasswords, json }: InitOptions,
): Promise<void> {
  const configuration = terminal.configuration();
  const name = given ?? configuration.databaseName;
  const reporter = terminal.reporter(json);
  const root = await connectDatabase(databaseUrl({ server: adminUri, name }));
  try {
    if (resetPasswords !== true) await requireOwnUsers(root, name, configuration.dataDir);
    const passwords = await ensureDatabaseUsers(configuration.dataDir, DATABASE_USERS);
    await setUp(root, { ...configuration, databaseName: name }, passwords, reporter);
  } finally {
    await root.close();
  }
  terminal.answer(json, { name, users: DATABASE_USERS, dataDir: configuration.dataDir }, () => [
    `The database ${name} is ready. The users' passwords are in ${configuration.dataDir}/secrets/database-users.json.`,
    `Start the service with MONGODB_URI naming the same server without credentials, and /${name} as its path.`,
  ]);
}

/** Users that exist with passwords this folder does not know belong to a service that runs elsewhere. */
async function requireOwnUsers(root: mongo.MongoClient, name: string, dataDir: string): Promise<void> {
  if ((await readDatabaseUsers(dataDir)).service !== undefined) return;
  const { users } = await root.db(logDatabaseOf(name)).command({ usersInfo: 'service' });
  if (!Array.isArray(users) || users.length === 0) return;
  throw new UserFacingError(
    `The database ${name} has users already, and ${dataDir} does not know their passwords.`,
    {
      remedies: [
        'set DATA_DIR to the folder they were made with, or copy its secrets/database-users.json here',
        'add --reset-passwords to give them new ones: every process that uses the old ones is locked out',
      ],
    },
  );
}

async function status(terminal: Terminal, json?: boolean): Promise<void> {
  await terminal.withDatabase(json, async (database) => {
    const client = await connectDatabase(await database.urlAs('reader'));
    try {
      const { version, replicaSet, primary, head, at, events, claims, sentinel } = await databaseStatus(
        client,
        database.name,
      );
      const value = {
        name: database.name,
        embedded: database.embedded !== null,
        version,
        replicaSet,
        primary,
        head,
        at,
        events,
        claims,
        sentinel,
      };
      terminal.answer(json, value, () => [
        `MongoDB     ${version}, replica set ${replicaSet}, primary ${primary ?? 'none'}`,
        `Database    ${database.name}${database.embedded === null ? '' : ` (embedded, port ${database.embedded.port})`}`,
        `Log         ${events} events, head at ${head}${at === null ? '' : `, the last on ${at.toISOString()}`}`,
        `Claims      ${claims}${sentinel === claims ? '' : `, but the sentinel says ${sentinel ?? 'nothing'}`}`,
      ]);
    } finally {
      await client.close();
    }
  });
}
