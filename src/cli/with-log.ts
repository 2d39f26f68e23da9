import type { mongo } from 'mongoose';
import { fingerprintOf, loadSecrets } from '../config/secrets.js';
import { connectDatabase } from '../database/connect.js';
import { logDatabaseOf } from '../database/database-names.js';
import type { OpenDatabase } from '../database/open-database.js';
import type { DatabaseUser } from '../database/roles.js';
import { verifyInstallation } from '../database/installation.js';
import { EventLog } from '../event-log/event-log.js';
import { LogCollections } from '../event-log/log-collections.js';
import { FamilyKeys } from '../privacy/family-keys.js';
import type { Configuration } from '../config/configuration.js';
import type { Terminal } from './terminal.js';

/** The log as one database user sees it. */
export interface OpenLog {
  client: mongo.MongoClient;
  database: OpenDatabase;
  configuration: Configuration;
  collections: LogCollections;
  log: EventLog;
}

/**
 * Runs `work` on the log, as the user that may do just that: `reader` or `auditor` for whatever only looks
 * (they cannot write, whatever the code does), `service` for what changes something.
 */
export function withLog<T>(
  terminal: Terminal,
  options: { as: DatabaseUser; json?: boolean | undefined },
  work: (open: OpenLog) => Promise<T>,
): Promise<T> {
  return terminal.withDatabase(options.json, async (database, configuration) => {
    const client = await connectDatabase(await database.urlAs(options.as));
    const collections = new LogCollections(client, logDatabaseOf(database.name));
    const log = new EventLog(collections, { deadlineMs: configuration.appendDeadlineMs });
    try {
      return await work({ client, database, configuration, collections, log });
    } finally {
      await log.close();
      await client.close();
    }
  });
}

/** The families' keys, for commands that have to read what is sealed. @throws UserFacingError without the right KEK */
export async function openFamilyKeys({
  client,
  database,
  configuration,
  collections,
}: OpenLog): Promise<FamilyKeys> {
  const secrets = await loadSecrets(configuration, { mayCreate: false });
  await verifyInstallation(client, database.name, secrets, { mayRecord: false });
  const { keyEncryptionKey: key } = secrets;
  return new FamilyKeys(collections.db.collection('family_keys'), { key, fingerprint: fingerprintOf(key) });
}
