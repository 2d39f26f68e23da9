import { withFileLock } from '../../config/file-lock.js';
import type { Reporter } from '../../config/reporter.js';

/** A first start may download MongoDB while others wait for it. */
const PATIENCE_MS = 10 * 60_000;
const ANNOUNCE_AFTER_MS = 2_000;

/**
 * Runs `work` while no other process, and no other caller in this one, starts or stops the MongoDB of this lock;
 * the reporter is told who is waited for, and who has ended meanwhile.
 * @param stop ends the wait; its reason is thrown.
 * @throws UserFacingError when a living process takes longer than ten minutes.
 */
export function withStartLock<T>(
  lock: string,
  reporter: Reporter,
  work: () => Promise<T>,
  stop?: AbortSignal,
): Promise<T> {
  let announced = false;
  return withFileLock(lock, work, {
    patienceMs: PATIENCE_MS,
    onWait: (pid, ms) => {
      stop?.throwIfAborted();
      if (announced || ms < ANNOUNCE_AFTER_MS) return;
      announced = true;
      reporter.line(`Waiting for process ${pid}, which is starting or stopping MongoDB`);
    },
    onEnded: (pid) =>
      reporter.line(`Process ${pid} ended while it was starting or stopping MongoDB; going on`),
  });
}
