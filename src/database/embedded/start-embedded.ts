import { setTimeout as sleep } from 'node:timers/promises';
import type { Reporter } from '../../config/reporter.js';
import { UserFacingError } from '../../config/user-facing-error.js';
import { bringUpReplicaSet, NotReady, rootUri } from './bring-up-replica-set.js';
import { prepareDataFolder, requireFreeSpace, type DataFolder } from './data-folder.js';
import { embeddedSecrets, type EmbeddedSecrets } from './embedded-secrets.js';
import { endedAtStart, silentAtStart } from './exit-reason.js';
import { findMongod } from './find-mongod.js';
import { chooseFreePort, isPortFree } from './free-port.js';
import { readMongodRecord, writeMongodRecord } from './mongod-record.js';
import { listUsers, registerUser, sweepUsers, unregisterUser } from './mongod-users.js';
import { identifyProcess } from './process-identity.js';
import { abandonMongod, findRunningMongod, stopMongod, type RunningMongod } from './running-mongod.js';
import { spawnMongod } from './spawn-mongod.js';
import { withStartLock } from './start-lock.js';

const START_MS = 20_000;
const ADOPT_MS = 5_000;
const POLL_MS = 50;
const START_TRIES = 3;
const ADDRESS_IN_USE = 48;
const FOLDER_IN_USE = 100;

export interface StartOptions {
  readonly dataDir: string;
  /** `MONGOD_BINARY`, `MONGOD_PORT`, `MONGOD_MIN_FREE_MB`, `MONGOD_CACHE_GB`, `MONGOD_START_SECONDS`, PATH and cache folders. */
  readonly env: NodeJS.ProcessEnv;
  readonly reporter: Reporter;
  /** How long a started server may take to get ready; 20 s, or `MONGOD_START_SECONDS`. Downloads do not count. */
  readonly deadlineMs?: number;
}

/** A running embedded MongoDB, shared by every process of the installation. */
export interface EmbeddedMongod {
  readonly port: number;
  /** Connection string of `root`. */
  readonly rootUri: string;
  readonly rootPassword: string;
  readonly version: string;
  readonly pid: number;
  /** True when it was running already: another process of the installation uses it, or one had left it behind. */
  readonly adopted: boolean;
  /** Ends this use; the last one out stops the server, and waits for it. A second call does nothing. */
  release(): Promise<void>;
}

interface Server {
  readonly port: number;
  readonly version: string;
  readonly pid: number;
  readonly adopted: boolean;
}

/**
 * Starts the embedded MongoDB of a data folder, or joins the one that already serves it: a one-node replica set
 * with access control on 127.0.0.1, ready to be written to. Processes that start or stop at the same moment
 * take turns. A first start that was cut short anywhere is finished by the next.
 * @throws UserFacingError for everything a person can mend; nothing that is stored is ever removed.
 */
export async function startEmbedded(options: StartOptions): Promise<EmbeddedMongod> {
  const folder = await prepareDataFolder(options.dataDir);
  return withStartLock(folder.lock, options.reporter, async () => {
    await sweepUsers(folder);
    const secrets = await embeddedSecrets(folder);
    const server =
      (await joinRunning(folder, secrets, options)) ?? (await startNew(folder, secrets, options));
    const registration = await registerUser(folder);
    let released: Promise<void> | undefined;
    return {
      ...server,
      rootUri: rootUri(server.port, secrets),
      rootPassword: secrets.rootPassword,
      release: () => (released ??= release(folder, registration, options.reporter)),
    };
  });
}

async function release(folder: DataFolder, registration: string, reporter: Reporter): Promise<void> {
  await withStartLock(folder.lock, reporter, async () => {
    await unregisterUser(registration);
    await stopUnused(folder);
  });
}

/** Stops the server unless a living process uses it. Call it under the start lock. */
async function stopUnused(folder: DataFolder): Promise<boolean> {
  await sweepUsers(folder);
  const state = await findRunningMongod(folder);
  if (state === undefined || !('running' in state)) return false;
  if ((await listUsers(folder)).length > 0) return false;
  await stopMongod(folder, state.running.process);
  return true;
}

/**
 * Stops an embedded MongoDB that no process uses any more, such as one left behind by `kill -9`.
 * @returns whether one was stopped; false when none runs or a living process uses it.
 */
export async function stopEmbedded(dataDir: string, reporter: Reporter): Promise<boolean> {
  const folder = await prepareDataFolder(dataDir);
  return withStartLock(folder.lock, reporter, () => stopUnused(folder));
}

/** Joins the mongod that serves this folder, if it answers to our secrets; stops it if it does not and nobody uses it. */
async function joinRunning(
  folder: DataFolder,
  secrets: EmbeddedSecrets,
  { env, reporter }: StartOptions,
): Promise<Server | undefined> {
  const state = await findRunningMongod(folder);
  if (state === undefined) return undefined;
  if ('stalePid' in state) {
    reporter.line(
      `MongoDB (process ${state.stalePid}) ended without closing its files; it recovers from its journal`,
    );
    return undefined;
  }
  const { running } = state;
  const users = await listUsers(folder);
  const fixedPort = readFixedPort(env);
  const { pid } = running.process;
  if (users.length === 0 && fixedPort !== undefined && running.port !== fixedPort) {
    reporter.line(
      `Stopping the MongoDB left behind on port ${running.port} (process ${pid}): MONGOD_PORT is ${fixedPort}`,
    );
    await stopMongod(folder, running.process);
    return undefined;
  }
  try {
    const server = await adopt(folder, secrets, running);
    reporter.line(
      users.length > 0
        ? `Sharing the MongoDB that is running already (process ${pid}, port ${server.port})`
        : `Adopted the MongoDB left running by a process that has ended (process ${pid}, port ${server.port})`,
    );
    return server;
  } catch (error) {
    if (users.length > 0) throw error;
    const why = error instanceof UserFacingError ? error.message : 'it does not answer';
    reporter.line(`Stopping the MongoDB left behind (process ${pid}): ${why}`);
    await stopMongod(folder, running.process);
    return undefined;
  }
}

async function adopt(folder: DataFolder, secrets: EmbeddedSecrets, running: RunningMongod): Promise<Server> {
  const { port } = running;
  if (port === undefined) throw new UserFacingError('it was started without a port of its own.');
  const until = Date.now() + ADOPT_MS;
  try {
    const version = await bringUpReplicaSet(folder, { port, secrets, goOn: () => Date.now() < until });
    const record = await readMongodRecord(folder.root);
    if (record !== undefined && record.port !== port)
      await writeMongodRecord(folder.root, { ...record, port });
    return { port, version, pid: running.process.pid, adopted: true };
  } catch (error) {
    if (!(error instanceof NotReady)) throw error;
    throw new UserFacingError(
      `The MongoDB of this data folder (process ${running.process.pid}) does not answer.`,
      {
        remedies: [`end process ${running.process.pid} and start again`],
        cause: error,
      },
    );
  }
}

async function startNew(
  folder: DataFolder,
  secrets: EmbeddedSecrets,
  options: StartOptions,
): Promise<Server> {
  const { env, reporter } = options;
  await requireFreeSpace(folder, env);
  const found = await findMongod({ dataDir: folder.root, env, reporter });
  for (let attempt = 1; ; attempt += 1) {
    const port = await choosePort(folder, env, reporter);
    // Before the first byte of data: whatever happens next, the version that made it is known.
    await writeMongodRecord(folder.root, { binary: found.binary, version: found.version, port });
    const outcome = await launch(folder, secrets, found.binary, port, options);
    if (outcome === 'folder-taken') {
      // A starter that died at once may leave a server that had not yet written its lock file when we looked.
      const joined = await joinRunning(folder, secrets, options);
      if (joined !== undefined) return joined;
    } else if (outcome !== 'port-taken') return outcome;
    if (attempt === START_TRIES || readFixedPort(env) !== undefined) throw portTaken(port);
  }
}

async function launch(
  folder: DataFolder,
  secrets: EmbeddedSecrets,
  binary: string,
  port: number,
  { env, deadlineMs }: StartOptions,
): Promise<Server | 'port-taken' | 'folder-taken'> {
  const allowedMs = deadlineMs ?? (Number(env.MONGOD_START_SECONDS) * 1000 || START_MS);
  const mongod = await spawnMongod(folder, { binary, port, env });
  const until = Date.now() + allowedMs;
  const goOn = (): boolean => mongod.exit() === undefined && Date.now() < until;
  try {
    const version = await bringUpReplicaSet(folder, { port, secrets, goOn });
    return { port, version, pid: mongod.pid, adopted: false };
  } catch (error) {
    const identity = await identifyProcess(mongod.pid);
    const exit = mongod.exit();
    if (exit === undefined && identity !== undefined) await abandonMongod(identity);
    if (exit?.code === ADDRESS_IN_USE) return 'port-taken';
    if (exit?.code === FOLDER_IN_USE && (await isServed(folder))) return 'folder-taken';
    if (exit !== undefined) throw await endedAtStart(folder, exit, mongod.logFrom);
    if (error instanceof NotReady) throw await silentAtStart(folder, allowedMs, mongod.logFrom);
    throw error;
  }
}

/** Waits for the id of a server that has locked the folder; MongoDB writes it some way into its start. */
async function isServed(folder: DataFolder): Promise<boolean> {
  const until = Date.now() + ADOPT_MS;
  while (Date.now() < until) {
    const state = await findRunningMongod(folder);
    if (state !== undefined && 'running' in state) return true;
    await sleep(POLL_MS);
  }
  return false;
}

async function choosePort(folder: DataFolder, env: NodeJS.ProcessEnv, reporter: Reporter): Promise<number> {
  const fixed = readFixedPort(env);
  if (fixed !== undefined) {
    if (await isPortFree(fixed)) return fixed;
    throw portTaken(fixed);
  }
  const remembered = (await readMongodRecord(folder.root))?.port;
  if (remembered !== undefined && (await isPortFree(remembered))) return remembered;
  const port = await chooseFreePort();
  if (remembered !== undefined)
    reporter.line(`Port ${remembered} of MongoDB is taken by another program; using ${port}`);
  return port;
}

function readFixedPort(env: NodeJS.ProcessEnv): number | undefined {
  const text = env.MONGOD_PORT;
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new UserFacingError(`MONGOD_PORT must be a port between 1 and 65535, not "${text}".`);
}

function portTaken(port: number): UserFacingError {
  return new UserFacingError(`Port ${port}, which MongoDB is to listen on, is taken by another program.`, {
    remedies: ['end that program', 'set MONGOD_PORT to a free port, or unset it to have one chosen'],
  });
}
