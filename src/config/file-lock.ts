import { open, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasErrorCode } from './secret-files.js';
import { UserFacingError } from './user-facing-error.js';

/** Who holds the lock needs milliseconds; after this long (in milliseconds) it was killed while it held it. */
const ABANDONED_AFTER_MS = 10_000;
const PATIENCE_MS = 30_000;

/** Runs `work` while no other process does so under the same lock file. @throws UserFacingError after 30 s. */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const until = Date.now() + PATIENCE_MS;
  while (!(await take(path))) {
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > ABANDONED_AFTER_MS) await rm(path, { force: true });
    else if (Date.now() > until) {
      throw new UserFacingError(`Another process has held ${path} for too long.`, {
        remedies: [`end that process, or remove ${path} if there is none, and run the same again`],
      });
    } else await sleep(10 + Math.random() * 20);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    await file.close();
    return true;
  } catch (error) {
    if (hasErrorCode(error, 'EEXIST')) return false;
    throw error;
  }
}
