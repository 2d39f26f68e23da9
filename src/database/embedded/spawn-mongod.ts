import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { fileSize, type DataFolder } from './data-folder.js';
import type { MongodExit } from './exit-reason.js';

export const REPLICA_SET = 'family-accounts';
const OPLOG_MB = '256';
/** The longest time the option takes, 24 days. */
const NEVER_SLOW_MS = '2147483647';
const LOG_ROTATE_BYTES = 20 * 1024 * 1024;
/** Nothing else of the environment reaches MongoDB: keys given as variables stay out of its process. */
const PASSED_ON = [
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'GLIBC_TUNABLES',
];

export interface SpawnedMongod {
  readonly pid: number;
  /** Set as soon as the process has ended. */
  exit(): MongodExit | undefined;
  /** Size of mongod.log before this start: what follows was written by it. */
  readonly logFrom: number;
}

/**
 * Starts a `mongod` on the data folder, in a process group of its own (Ctrl-C reaches only the service, which
 * then stops it in order) and without a pipe that somebody would have to drain.
 */
export async function spawnMongod(
  folder: DataFolder,
  options: { binary: string; port: number; cacheGb: number; env: NodeJS.ProcessEnv },
): Promise<SpawnedMongod> {
  const { binary, port, cacheGb, env } = options;
  await mkdir(folder.database, { recursive: true, mode: 0o700 });
  if ((await fileSize(folder.log)) > LOG_ROTATE_BYTES) await rename(folder.log, `${folder.log}.1`);
  const logFrom = await fileSize(folder.log);
  // What MongoDB prints before its log is open (a missing library, a bad option) goes to the same file.
  const log = openSync(folder.log, 'a', 0o600);
  try {
    const child = spawn(binary, mongodArguments(folder, port, cacheGb), {
      cwd: folder.root,
      detached: true,
      stdio: ['ignore', log, log],
      env: Object.fromEntries(
        PASSED_ON.filter((name) => env[name] !== undefined).map((name) => [name, env[name]]),
      ),
    });
    let exit: MongodExit | undefined;
    child.once('exit', (code, signal) => (exit = { code, signal }));
    await once(child, 'spawn');
    child.unref();
    if (child.pid === undefined) throw new Error(`${binary} was spawned without a process id`);
    return { pid: child.pid, exit: () => exit, logFrom };
  } finally {
    closeSync(log);
  }
}

function mongodArguments(folder: DataFolder, port: number, cacheGb: number): string[] {
  return [
    ...['--dbpath', folder.database, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'],
    ...['--replSet', REPLICA_SET, '--keyFile', folder.keyFile, '--oplogSize', OPLOG_MB],
    ...['--logpath', folder.log, '--logappend', '--wiredTigerCacheSizeGB', String(cacheGb)],
    // What counts as slow is logged with its filter and its documents: addresses in clear, which outlive erasure.
    ...['--slowms', NEVER_SLOW_MS],
    // A writer that dies in a transaction holds the log's head until the server ends that transaction.
    ...['--setParameter', 'transactionLifetimeLimitSeconds=5'],
    // The first user is made with the key file: no moment at which anyone on this machine could make it.
    ...['--setParameter', 'enableLocalhostAuthBypass=false'],
    ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
  ];
}
