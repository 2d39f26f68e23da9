import { setTimeout as sleep } from 'node:timers/promises';
import { bringUpReplicaSet, NotReady } from './bring-up-replica-set.js';
import { choosePort, portTaken } from './choose-port.js';
import { requireFreeSpace, type DataFolder } from './data-folder.js';
import type { EmbeddedSecrets } from './embedded-secrets.js';
import { endedAtStart, silentAtStart } from './exit-reason.js';
import { findMongod } from './find-mongod.js';
import { joinRunningMongod } from './join-running-mongod.js';
import { readMongodRecord, writeMongodRecord } from './mongod-record.js';
import { identifyProcess } from '../../config/process-identity.js';
import { abandonMongod, findRunningMongod } from './running-mongod.js';
import { spawnMongod } from './spawn-mongod.js';
import type { Server, StartOptions } from './start-options.js';

/**
 * On a new port MongoDB first asks the old one whether it is itself still there, and waits 30 s for a program
 * that accepts the connection and says nothing; only then can the replica set be moved.
 */
const MOVE_MS = 35_000;
const LOCK_WRITTEN_MS = 5_000;
const POLL_MS = 50;
const START_TRIES = 3;
const ADDRESS_IN_USE = 48;
const FOLDER_IN_USE = 100;

/** Finds a mongod, starts it on the data folder and waits until it is ready. */
export async function startNewMongod(
  folder: DataFolder,
  secrets: EmbeddedSecrets,
  options: StartOptions,
): Promise<Server> {
  const { configuration, env, reporter, stop } = options;
  const { mongodBinary, mongodPort, mongodMinFreeMb } = configuration;
  await requireFreeSpace(folder, mongodMinFreeMb);
  const found = await findMongod({ folder, chosen: mongodBinary, env, reporter, stop });
  for (let attempt = 1; ; attempt += 1) {
    const port = await choosePort(folder, { fixed: mongodPort, avoid: configuration.port }, reporter);
    const record = { binary: found.binary, version: found.version, port };
    const remembered = (await readMongodRecord(folder.root))?.port ?? port;
    // Before the first byte of data: whatever happens next, the version that made it is known. The port follows
    // once the replica set has moved to it.
    await writeMongodRecord(folder.root, { ...record, port: remembered });
    const outcome = await launch(
      folder,
      secrets,
      found.binary,
      { port, moved: port !== remembered },
      options,
    );
    if (outcome === 'folder-taken') {
      // A starter that died at once may leave a server that had not yet written its lock file when we looked.
      const joined = await joinRunningMongod(folder, secrets, options);
      if (joined !== undefined) return joined;
    } else if (outcome === 'port-taken') {
      if (attempt >= START_TRIES || mongodPort !== undefined) throw portTaken(port);
    } else {
      if (port !== remembered) await writeMongodRecord(folder.root, record);
      return outcome;
    }
  }
}

async function launch(
  folder: DataFolder,
  secrets: EmbeddedSecrets,
  binary: string,
  { port, moved }: { port: number; moved: boolean },
  { configuration, env, stop }: StartOptions,
): Promise<Server | 'port-taken' | 'folder-taken'> {
  const allowedMs = configuration.mongodStartSeconds * 1_000 + (moved ? MOVE_MS : 0);
  const { mongodCacheGb: cacheGb } = configuration;
  const mongod = await spawnMongod(folder, { binary, port, cacheGb, env });
  const until = Date.now() + allowedMs;
  const goOn = (): boolean => mongod.exit() === undefined && Date.now() < until && stop?.aborted !== true;
  try {
    const version = await bringUpReplicaSet(folder, { port, secrets, goOn });
    return { port, version, pid: mongod.pid, adopted: false };
  } catch (error) {
    const identity = await identifyProcess(mongod.pid);
    const exit = mongod.exit();
    if (exit === undefined && identity !== undefined) await abandonMongod(identity);
    stop?.throwIfAborted();
    if (exit?.code === ADDRESS_IN_USE) return 'port-taken';
    if (exit?.code === FOLDER_IN_USE && (await isServed(folder))) return 'folder-taken';
    if (exit !== undefined) throw await endedAtStart(folder, exit, mongod.logFrom);
    if (error instanceof NotReady) throw await silentAtStart(folder, allowedMs, mongod.logFrom);
    throw error;
  }
}

/** Waits for the id of a server that has locked the folder; MongoDB writes it some way into its start. */
async function isServed(folder: DataFolder): Promise<boolean> {
  const until = Date.now() + LOCK_WRITTEN_MS;
  while (Date.now() < until) {
    const state = await findRunningMongod(folder);
    if (state !== undefined && 'running' in state) return true;
    await sleep(POLL_MS);
  }
  return false;
}
