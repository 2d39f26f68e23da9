import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { dataFolder, holdsDatabase } from '../../src/database/embedded/data-folder.js';
import { readMongodRecord } from '../../src/database/embedded/mongod-record.js';
import { listUsers } from '../../src/database/embedded/mongod-users.js';
import { findRunningMongod } from '../../src/database/embedded/running-mongod.js';

/** What can be said about an embedded MongoDB without touching it. */
export interface EmbeddedStatus {
  /** Whether anything has ever been stored in this data folder. */
  readonly initialised: boolean;
  readonly running: boolean;
  readonly pid: number | undefined;
  /** The port it listens on, or else the one it will try next. */
  readonly port: number | undefined;
  readonly version: string | undefined;
  readonly binary: string | undefined;
  /** Ids of the living processes that use it. */
  readonly users: readonly number[];
  /** Id that a server left in its lock file when it ended without closing its files. */
  readonly stalePid: number | undefined;
}

/** Looks at the data folder; starts, stops and writes nothing. */
export async function embeddedStatus(dataDir: string): Promise<EmbeddedStatus> {
  const folder = dataFolder(await realpath(resolve(dataDir)).catch(() => dataDir));
  const [record, state, users, initialised] = await Promise.all([
    readMongodRecord(folder.root),
    findRunningMongod(folder),
    listUsers(folder),
    holdsDatabase(folder),
  ]);
  const running = state !== undefined && 'running' in state ? state.running : undefined;
  return {
    initialised,
    running: running !== undefined,
    pid: running?.process.pid,
    port: running?.port ?? record?.port,
    version: record?.version,
    binary: record?.binary,
    users: [...new Set(users)],
    stalePid: state !== undefined && 'stalePid' in state ? state.stalePid : undefined,
  };
}
