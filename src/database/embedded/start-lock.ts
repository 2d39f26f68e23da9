import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reporter } from '../../config/reporter.js';
import { UserFacingError } from '../../config/user-facing-error.js';
import { errorCode } from './error-facts.js';
import { identifyProcess, isAlive, parseIdentity } from './process-identity.js';

/** A first start may download MongoDB while others wait for it. */
const PATIENCE_MS = 10 * 60_000;
/** Breaking a stale lock takes milliseconds; whoever holds this guard longer has died. */
const BREAKING_MS = 5_000;
const POLL_MS = 20;
const ANNOUNCE_AFTER_MS = 2_000;

/**
 * Runs `work` while no other process, and no other caller in this one, runs work under the same lock file.
 * A lock whose holder has died is taken over; the reporter is told.
 * @throws UserFacingError when a living holder keeps it for ten minutes.
 */
export async function withStartLock<T>(path: string, reporter: Reporter, work: () => Promise<T>): Promise<T> {
  const release = await acquire(path, reporter);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function acquire(path: string, reporter: Reporter): Promise<() => Promise<void>> {
  const me = await identifyProcess(process.pid);
  const token = JSON.stringify({ ...me, token: randomBytes(8).toString('hex') });
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  // Linked into place rather than created there: nobody ever reads a lock that has no content yet.
  await writeFile(draft, token, { mode: 0o600, flag: 'wx' });
  const began = Date.now();
  let announced = false;
  try {
    while (!(await linked(draft, path))) {
      const holder = await readHolder(path);
      if (holder === undefined) continue;
      if (!holder.alive) {
        if (await breakStale(path))
          reporter.line(`Took over the start lock of process ${holder.pid}, which has ended`);
        continue;
      }
      const waited = Date.now() - began;
      if (waited > PATIENCE_MS) throw heldTooLong(path, holder.pid);
      if (!announced && waited > ANNOUNCE_AFTER_MS) {
        announced = true;
        reporter.line(`Waiting for process ${holder.pid}, which is starting or stopping MongoDB`);
      }
      await sleep(POLL_MS);
    }
  } finally {
    await rm(draft, { force: true });
  }
  return async () => {
    if ((await readFile(path, 'utf8').catch(() => '')) === token) await rm(path, { force: true });
  };
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<{ pid: number; alive: boolean } | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const holder = parseIdentity(text);
  return holder === undefined ? { pid: 0, alive: false } : { pid: holder.pid, alive: await isAlive(holder) };
}

/** Removes the lock if it is still stale. Only one process at a time does so: a fresh lock is never removed. */
async function breakStale(path: string): Promise<boolean> {
  const guard = `${path}.breaking`;
  try {
    await (await open(guard, 'wx', 0o600)).close();
  } catch {
    const age = await stat(guard).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > BREAKING_MS) await rm(guard, { force: true });
    await sleep(POLL_MS);
    return false;
  }
  try {
    const holder = await readHolder(path);
    if (holder === undefined || holder.alive) return false;
    await rm(path, { force: true });
    return true;
  } finally {
    await rm(guard, { force: true });
  }
}

function heldTooLong(path: string, pid: number): UserFacingError {
  return new UserFacingError(
    `Process ${pid} has been starting or stopping MongoDB for ten minutes (${path}).`,
    {
      remedies: [`look at what process ${pid} is doing, end it if it hangs, and start again`],
    },
  );
}
