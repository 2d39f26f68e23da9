import { randomBytes } from 'node:crypto';
import { access, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasErrorCode } from './error-facts.js';
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

/**
 * Makes a folder and those above it, with this mode. One by one, from the first that is missing: Node's own recursion
 * never ends where a folder is there and takes no entries (/proc), and hides why a read-only disk refuses.
 * @throws the failure of the system; EEXIST where a file is in the way
 */
export async function makeFolder(path: string, mode = 0o700): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    if (!hasErrorCode(error, 'ENOENT')) throw error;
  });
  if (found?.isDirectory() === true) return;
  const above = dirname(path);
  if (found === undefined && above !== path) await makeFolder(above, mode);
  await mkdir(path, { mode }).catch(async (error: unknown) => {
    const isThere = hasErrorCode(error, 'EEXIST') && (await stat(path)).isDirectory();
    if (!isThere) throw error;
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
