import { mkdir, open, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasErrorCode } from './error-facts.js';
import { isAlive, nameOfThisProcess, processNamedIn, type ProcessIdentity } from './process-identity.js';
import { UserFacingError } from './user-facing-error.js';

const PATIENCE_MS = 30_000;
const POLL_MS = 20;

export interface LockOptions {
  /** How long to wait for those who came before, in milliseconds; 30 s unless told otherwise. */
  readonly patienceMs?: number;
  /** Called at every look while process `pid` has its turn before us, `ms` after we came. */
  readonly onWait?: (pid: number, ms: number) => void;
  /** Called when process `pid` was found to have ended while it waited or had its turn. */
  readonly onEnded?: (pid: number) => void;
}

/** A process, or one of several callers in it, that waits or has its turn. */
interface Entry {
  readonly name: string;
  readonly identity: ProcessIdentity;
  /** Undefined while it takes its number. */
  readonly number: number | undefined;
}

/**
 * Runs `work` while no other process, and no other caller in this one, runs work under the same folder; in the
 * order in which they came. Lamport's bakery (CACM 17:8, 1974): everyone has a file of its own, takes a number
 * above all it sees, and waits for whoever takes one or has a lower one. Who has ended does not count. Nothing is
 * ever taken from a living process however long it pauses, and what a dead one left is removed by a name that
 * nobody has again: there is no lock to break, so none to break by mistake. Needs no hard links.
 * @param folder exists only while somebody waits or works.
 * @throws UserFacingError when a living process has its turn for too long.
 */
export async function withFileLock<T>(
  folder: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const me = await nameOfThisProcess();
  try {
    await waitForTurn(folder, me, options);
    return await work();
  } finally {
    await rm(join(folder, me), { force: true });
    // It fails where somebody waits.
    await rmdir(folder).catch(() => undefined);
  }
}

async function waitForTurn(folder: string, me: string, options: LockOptions): Promise<void> {
  const { patienceMs = PATIENCE_MS, onWait, onEnded } = options;
  const file = await enter(folder, me);
  let mine: number;
  try {
    const numbers = (await entries(folder)).map(({ number }) => number ?? 0);
    mine = Math.max(0, ...numbers) + 1;
    await file.write(`${mine}\n`);
  } finally {
    await file.close();
  }
  const came = Date.now();
  for (;;) {
    const first = await before(folder, { name: me, number: mine }, onEnded);
    if (first === undefined) return;
    const waited = Date.now() - came;
    if (waited > patienceMs) throw heldTooLong(folder, first.identity.pid, patienceMs);
    onWait?.(first.identity.pid, waited);
    await sleep(POLL_MS);
  }
}

/** Makes the file that says we are here; its number follows. */
async function enter(folder: string, me: string): ReturnType<typeof open> {
  for (;;) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      return await open(join(folder, me), 'wx', 0o600);
    } catch (error) {
      // The last one out has removed the folder in between.
      if (!hasErrorCode(error, 'ENOENT')) throw error;
    }
  }
}

/** One living process that has its turn before us, if there is any; removes what dead ones left. */
async function before(
  folder: string,
  me: { name: string; number: number },
  onEnded: LockOptions['onEnded'],
): Promise<Entry | undefined> {
  for (const entry of await entries(folder)) {
    if (entry.name === me.name) continue;
    if (!(await isAlive(entry.identity))) {
      await rm(join(folder, entry.name), { force: true });
      onEnded?.(entry.identity.pid);
      continue;
    }
    const { number = 0 } = entry;
    if (number < me.number || (number === me.number && entry.name < me.name)) return entry;
  }
  return undefined;
}

async function entries(folder: string): Promise<Entry[]> {
  const found = await Promise.all(
    (await readdir(folder)).map(async (name): Promise<Entry | undefined> => {
      const identity = processNamedIn(name);
      const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
      // Gone since: whoever it was has had its turn.
      if (identity === undefined || text === undefined) return undefined;
      return { name, identity, number: text.endsWith('\n') ? Number(text) : undefined };
    }),
  );
  return found.filter((entry) => entry !== undefined);
}

function heldTooLong(folder: string, pid: number, ms: number): UserFacingError {
  return new UserFacingError(
    `Process ${pid} has not let others have their turn for ${ms / 1_000} s (${folder}).`,
    { remedies: [`look at what process ${pid} is doing, end it if it hangs, and run the same again`] },
  );
}
