import { randomBytes } from 'node:crypto';
import { access, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { withFileLock } from './file-lock.js';

/**
 * Replaces a file as a whole: readers see the old or the new content, never half of it, and the new one
 * survives a power cut once this returns.
 */
export async function writeFileDurably(path: string, content: string, mode = 0o600): Promise<void> {
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.draft`;
  try {
    const file = await open(draft, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}

/**
 * The same, unless there is a file already: of several processes at the same moment one wins, and what is there
 * is never replaced. It takes a lock, because only a hard link could do it alone, and not every disk has those.
 * @throws UserFacingError where another process holds the lock for too long.
 */
export async function createFileOnce(path: string, content: string): Promise<void> {
  await withFileLock(`${path}.lock`, async () => {
    const exists = await access(path).then(
      () => true,
      () => false,
    );
    if (!exists) await writeFileDurably(path, content);
  });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
