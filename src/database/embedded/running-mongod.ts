import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentReporter, type Reporter } from '../../config/reporter.js';
import { UserFacingError } from '../../config/user-facing-error.js';
import type { DataFolder } from './data-folder.js';
import { hasErrorCode } from '../../config/error-facts.js';
import {
  commandLine,
  identifyProcess,
  isAlive,
  type ProcessIdentity,
} from '../../config/process-identity.js';

const STOP_MS = 20_000;
const ANNOUNCE_AFTER_MS = 2_000;
const POLL_MS = 20;

/** A living mongod that serves this data folder. */
export interface RunningMongod {
  readonly process: ProcessIdentity;
  /** From its command line; undefined when somebody started it without one. */
  readonly port: number | undefined;
}

/** What MongoDB's own lock file says: nothing, a server at work, or the id of one that ended without cleaning up. */
export type LockState = { readonly running: RunningMongod } | { readonly stalePid: number } | undefined;

/**
 * Looks for the mongod of this data folder. A living process with that id that is something else is left alone,
 * also where it works on the folder, as a backup does: only a mongod with this dbPath counts.
 */
export async function findRunningMongod(folder: DataFolder): Promise<LockState> {
  const pid = Number((await readFile(join(folder.database, 'mongod.lock'), 'utf8').catch(() => '')).trim());
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const identity = await identifyProcess(pid);
  const command = identity === undefined ? undefined : await commandLine(pid);
  if (identity === undefined || command === undefined || !serves(command, folder.database))
    return { stalePid: pid };
  const port = Number(/--port[ =](\d+)/.exec(command.join(' '))?.[1]);
  return { running: { process: identity, port: Number.isInteger(port) ? port : undefined } };
}

/**
 * Asks a mongod to end (SIGTERM: it finishes what it is doing and closes its files) and waits up to 20 s.
 * It is never killed: a slow shutdown is a healthy one.
 * @throws UserFacingError when it is still there after that.
 */
export async function stopMongod(
  folder: DataFolder,
  target: ProcessIdentity,
  reporter: Reporter = silentReporter,
): Promise<void> {
  const slow = setTimeout(
    () => reporter.line(`Waiting for MongoDB (process ${target.pid}) to end, up to ${STOP_MS / 1000} s`),
    ANNOUNCE_AFTER_MS,
  );
  const hasEnded = await endsBySignal(target, 'SIGTERM').finally(() => clearTimeout(slow));
  if (hasEnded) return;
  throw new UserFacingError(
    `MongoDB (process ${target.pid}) was asked to end and has not within ${STOP_MS / 1000} s.`,
    {
      remedies: [
        'wait until it has ended; it may be writing much data to a slow disk',
        `see ${folder.log} for what it is doing`,
        `as a last resort "kill -9 ${target.pid}": its journal brings back every acknowledged write at the next start`,
      ],
    },
  );
}

/** Ends a mongod that was started just now and never answered: SIGTERM, and SIGKILL only if that has no effect. */
export async function abandonMongod(target: ProcessIdentity): Promise<void> {
  if (!(await endsBySignal(target, 'SIGTERM'))) await endsBySignal(target, 'SIGKILL');
}

async function endsBySignal(target: ProcessIdentity, signal: NodeJS.Signals): Promise<boolean> {
  if (!(await isAlive(target))) return true;
  try {
    process.kill(target.pid, signal);
  } catch (error) {
    if (hasErrorCode(error, 'ESRCH')) return true;
    throw error;
  }
  const deadline = Date.now() + STOP_MS;
  while (await isAlive(target)) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Whether a command line is that of a mongod on this dbPath: one string per argument, or all in one (macOS). */
function serves(command: readonly string[], dbPath: string): boolean {
  const line = `${command.join(' ')} `;
  const [program = ''] = command.length > 1 ? command : line.split(/ --?\w/);
  return (
    basename(program).includes('mongod') &&
    [`--dbpath ${dbPath} `, `--dbpath=${dbPath} `].some((option) => line.includes(` ${option}`))
  );
}
