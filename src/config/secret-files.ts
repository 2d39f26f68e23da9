import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode, hasErrorCode } from './error-facts.js';
import { createFileOnce, makeFolder, writeFileDurably } from './files.js';
import { UserFacingError } from './user-facing-error.js';

/** Where an installation keeps its secrets; only its own user may look inside. */
export function secretsFolder(dataDir: string): string {
  return join(dataDir, 'secrets');
}

/**
 * The text of a secret file; undefined where there is none.
 * @throws UserFacingError where other users of the machine can read it.
 */
export async function readSecretFile(path: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw new UserFacingError(
        `${path} can be read or changed by other users of this machine (mode ${(mode & 0o777).toString(8)}).`,
        {
          remedies: [`chmod 600 ${path}`, 'think of the secret in it as known: who could read it until now?'],
        },
      );
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    if (hasErrorCode(error, 'EACCES', 'EPERM', 'EISDIR')) throw unreadable(path, error);
    throw error;
  }
}

/**
 * Creates the file with this text unless there is one; of several processes at the same moment one wins, and
 * what it wrote is there in whole, whatever happens. Returns what the file holds now.
 */
export async function createSecretFile(path: string, text: string): Promise<string> {
  await writing(path, () => createFileOnce(path, text));
  const stored = await readSecretFile(path);
  if (stored === undefined) throw new Error(`${path} was removed while it was being created`);
  return stored;
}

/** Replaces the file as a whole: a reader sees the old text or the new one, and a power cut leaves either. */
export function replaceSecretFile(path: string, text: string): Promise<void> {
  return writing(path, () => writeFileDurably(path, text));
}

/** Writes in a folder that only its owner may look into. @throws UserFacingError where a person can mend it */
async function writing(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await write();
  } catch (error) {
    throw explainWriteFailure(path, error);
  }
}

/** The failure to read a secret that is there. */
export function unreadable(path: string, cause: unknown): UserFacingError {
  return new UserFacingError(`This user may not read ${path}.`, {
    remedies: ['run as the user who owns DATA_DIR', 'or pass the secret in the environment'],
    cause,
  });
}

/** What to throw where `path` could not be written: with a way out where a person can mend it. */
export function explainWriteFailure(path: string, cause: unknown): unknown {
  if (!hasErrorCode(cause, 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST', 'ENOENT'))
    return cause;
  return new UserFacingError(`${path} cannot be written (${errorCode(cause) ?? ''}).`, {
    remedies: [
      'set DATA_DIR to a folder this user may write to, on a disk with room',
      'or pass the secrets in the environment',
    ],
    cause,
  });
}
