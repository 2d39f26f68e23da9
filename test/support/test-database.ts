import { randomBytes } from 'node:crypto';
import mongoose, { type mongo } from 'mongoose';
import { clientOptions, databaseUrl } from '../../src/database/connect.js';
import { logDatabaseOf } from '../../src/database/database-names.js';
import { initialiseDatabase } from '../../src/database/initialise.js';
import { readModelNames } from '../../src/families/read-models/index.js';
import { DATABASE_USERS, roleName, type DatabaseUser } from '../../src/database/roles.js';

/** An installation of its own on the shared server, made and dropped in a fraction of a second. */
export interface TestDatabase {
  /** The installation's name: `<name>` and `<name>_log`. */
  readonly name: string;
  readonly logName: string;
  /** May do everything; shared by all test databases of a file on one server, so never close it. */
  readonly rootClient: mongo.MongoClient;
  readonly passwords: Readonly<Record<DatabaseUser, string>>;
  /** A connected client, one per user, closed by `drop`. */
  clientAs(user: DatabaseUser): Promise<mongo.MongoClient>;
  uriAs(user: DatabaseUser | 'root'): string;
  /** Closes the clients; removes databases, users and roles. */
  drop(): Promise<void>;
}

/** The same for every test database: access is what differs, not secrecy. */
const PASSWORDS: Readonly<Record<DatabaseUser, string>> = {
  service: 'service-password',
  reader: 'reader-password',
  auditor: 'auditor-password',
  shredder: 'shredder-password',
};

/** One client for all test databases of a server, and how many of them are open. */
const roots = new Map<string, { client: Promise<mongo.MongoClient>; open: number }>();

/** The connection string of the shared server's `root`. */
export function testRootUri(): string {
  const uri = process.env.TEST_ROOT_URI;
  if (uri === undefined) throw new Error('TEST_ROOT_URI is not set: test/global-setup.ts starts the server');
  return uri;
}

/** A name no other test uses, short enough for any suffix. */
function uniqueDatabaseName(): string {
  return `test_${randomBytes(8).toString('hex')}`;
}

/**
 * A made and initialised installation. Call `drop` in `afterAll`, or the test run stays open.
 * @param server connection string of an administrator; the shared server's unless given.
 */
export async function createTestDatabase(server?: string): Promise<TestDatabase> {
  const database = await bareTestDatabase(server);
  await initialiseDatabase(database.rootClient, database.name, database.passwords, readModelNames);
  return database;
}

/** The same before anything has been made in it. */
export async function bareTestDatabase(server = testRootUri()): Promise<TestDatabase> {
  const shared = roots.get(server) ?? { client: connect(server), open: 0 };
  roots.set(server, shared);
  shared.open += 1;
  const root = await shared.client;
  const name = uniqueDatabaseName();
  const logName = logDatabaseOf(name);
  const clients = new Map<DatabaseUser, Promise<mongo.MongoClient>>();

  const uriAs = (user: DatabaseUser | 'root'): string =>
    user === 'root'
      ? databaseUrl({ server, name })
      : databaseUrl({ server, name, as: user, password: PASSWORDS[user] });

  return {
    name,
    logName,
    rootClient: root,
    passwords: PASSWORDS,
    uriAs,
    clientAs(user) {
      const client = clients.get(user) ?? connect(uriAs(user));
      clients.set(user, client);
      return client;
    },
    async drop() {
      await Promise.all([...clients.values()].map(async (client) => (await client).close()));
      await Promise.all([root.db(name).dropDatabase(), root.db(logName).dropDatabase()]);
      await root.db(logName).command({ dropAllUsersFromDatabase: 1 });
      for (const user of DATABASE_USERS) {
        // A test that stopped half-way has made only some of them.
        await root
          .db('admin')
          .command({ dropRole: roleName(user, name) })
          .catch(() => undefined);
      }
      shared.open -= 1;
      if (shared.open === 0) {
        roots.delete(server);
        await root.close();
      }
    },
  };
}

async function connect(uri: string): Promise<mongo.MongoClient> {
  return new mongoose.mongo.MongoClient(uri, clientOptions(uri)).connect();
}
