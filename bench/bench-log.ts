import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { mongo } from 'mongoose';
import { loadConfiguration } from '../src/config/configuration.js';
import { terminalReporter } from '../src/config/terminal-reporter.js';
import { connectDatabase, databaseUrl } from '../src/database/connect.js';
import { logDatabaseOf } from '../src/database/database-names.js';
import { startEmbedded } from '../src/database/embedded/start-embedded.js';
import { initialiseDatabase } from '../src/database/initialise.js';
import { EventLog } from '../src/event-log/event-log.js';
import { LogCollections } from '../src/event-log/log-collections.js';
import { readModelNames } from '../src/families/read-models/index.js';
import { FamilyKeys } from '../src/privacy/family-keys.js';
import { benchEnvironment } from './bench-environment.js';

export const BENCH_NAME = 'bench';
const PASSWORD = 'bench-password';
const DEADLINE_MS = 30_000;
/** What the log is compared with gets a connection for each of its 64 callers. */
const CONNECTION_EACH = { maxPoolSize: 64 };

/** A log as the service has it, with validators, indexes and rights in place, on a MongoDB of its own. */
export interface BenchLog {
  readonly log: EventLog;
  readonly collections: LogCollections;
  readonly keys: FamilyKeys;
  /** The same collections with a connection for every caller, as a transaction per command needs them. */
  readonly collectionsWithMoreConnections: LogCollections;
  /** Signed in as an administrator, with a connection for every caller: for plain inserts. */
  readonly plain: mongo.Db;
  /** As the service, for processes that a benchmark starts; and what opens the families' keys. */
  readonly uri: string;
  readonly kek: Buffer;
  readonly mongodbVersion: string;
  close(): Promise<void>;
}

export async function openBenchLog(): Promise<BenchLog> {
  const dataDir = await mkdtemp(join(tmpdir(), `family-accounts-bench-${process.pid}-`));
  const configuration = loadConfiguration(benchEnvironment({ DATA_DIR: dataDir }));
  const mongod = await startEmbedded({ configuration, env: process.env, reporter: terminalReporter() });
  const root = await connectDatabase(mongod.rootUri, CONNECTION_EACH);
  const passwords = { service: PASSWORD, reader: PASSWORD, auditor: PASSWORD, shredder: PASSWORD };
  await initialiseDatabase(root, BENCH_NAME, passwords, readModelNames);
  const uri = databaseUrl({ server: mongod.rootUri, name: BENCH_NAME, as: 'service', password: PASSWORD });
  const service = await connectDatabase(uri);
  const serviceWithMore = await connectDatabase(uri, CONNECTION_EACH);
  const collections = new LogCollections(service, logDatabaseOf(BENCH_NAME));
  const log = new EventLog(collections, { deadlineMs: DEADLINE_MS });
  const kek = { key: randomBytes(32), fingerprint: 'bench' };
  return {
    log,
    collections,
    collectionsWithMoreConnections: new LogCollections(serviceWithMore, logDatabaseOf(BENCH_NAME)),
    keys: new FamilyKeys(collections.db.collection('family_keys'), kek),
    plain: root.db(BENCH_NAME),
    uri,
    kek: kek.key,
    mongodbVersion: mongod.version,
    close: async () => {
      await log.close();
      await service.close();
      await serviceWithMore.close();
      await root.close();
      await mongod.release();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
