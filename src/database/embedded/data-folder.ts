import { readdir, realpath, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { databaseUsersPath } from '../../config/database-users.js';
import { errorCode, errorMessage, hasErrorCode } from '../../config/error-facts.js';
import { makeFolder } from '../../config/files.js';
import { secretsFolder } from '../../config/secret-files.js';
import { UserFacingError } from '../../config/user-facing-error.js';

/** More than a file system keeps inside its own structures: on a full disk an empty file can still be made. */
const PROBE_BYTES = 4_096;

/** Where everything of one installation with an embedded MongoDB lies. */
export interface DataFolder {
  readonly root: string;
  readonly keyFile: string;
  readonly databaseUsers: string;
  /** MongoDB's own files (dbPath). */
  readonly database: string;
  readonly record: string;
  readonly log: string;
  readonly users: string;
  /** Folder in which those take turns who start or stop MongoDB. */
  readonly lock: string;
}

/** The paths inside a data folder; touches nothing. */
export function dataFolder(dataDir: string): DataFolder {
  const root = resolve(dataDir);
  return {
    root,
    keyFile: join(secretsFolder(root), 'mongod-keyfile'),
    databaseUsers: databaseUsersPath(root),
    database: join(root, 'mongodb'),
    record: join(root, 'mongod.json'),
    log: join(root, 'mongod.log'),
    users: join(root, 'mongod.users'),
    lock: join(root, 'mongod.starting'),
  };
}

/**
 * Makes sure that the data folder exists (mode 0700) and can be written to.
 * @throws UserFacingError when it is a file, lies below one, or is read-only.
 */
export async function prepareDataFolder(dataDir: string): Promise<DataFolder> {
  const wanted = resolve(dataDir);
  try {
    await makeFolder(wanted);
    const folder = dataFolder(await realpath(wanted));
    const probe = join(folder.root, `.write-check-${process.pid}`);
    try {
      await writeFile(probe, Buffer.alloc(PROBE_BYTES), { mode: 0o600 });
    } finally {
      await rm(probe, { force: true });
    }
    return folder;
  } catch (error) {
    throw unusable(wanted, error);
  }
}

/** @throws UserFacingError where a file lies in the place of the data folder, or of one above it */
export async function refuseFileAsFolder(dataDir: string): Promise<void> {
  const found = await stat(dataDir).catch((error: unknown) => {
    // What is not there yet can be made; whatever else is wrong with it shows itself in its use.
    if (hasErrorCode(error, 'ENOTDIR')) throw unusable(dataDir, error);
  });
  if (found !== undefined && !found.isDirectory()) throw unusable(dataDir, { code: 'ENOTDIR' });
}

/** Whether MongoDB has ever written anything in this data folder. */
export async function holdsDatabase(folder: DataFolder): Promise<boolean> {
  try {
    return (await readdir(folder.database)).length > 0;
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

/**
 * @param wanted in MB
 * @throws UserFacingError when the disk has less room left: MongoDB aborts in the middle of work on a full disk.
 */
export async function requireFreeSpace(folder: DataFolder, wanted: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder.root);
  const freeMb = Math.floor((bavail * bsize) / 1_000_000);
  if (freeMb >= wanted) return;
  throw new UserFacingError(
    `Only ${freeMb} MB are free on the disk of ${folder.root}; MongoDB is not started with less than ${wanted} MB.`,
    {
      remedies: [
        'make room on that disk, or set DATA_DIR to a folder on another one',
        'set MONGOD_MIN_FREE_MB to a lower number of megabytes if you know it suffices',
      ],
    },
  );
}

/** What to throw where something in the data folder failed: with a way out where its disk or its owner is to blame. */
export function explainFolderFailure(folder: DataFolder, error: unknown): unknown {
  return hasErrorCode(error, 'ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM')
    ? unusable(folder.root, error)
    : error;
}

function unusable(path: string, error: unknown): UserFacingError {
  const code = errorCode(error);
  const remedies = ['set DATA_DIR to a folder this user may write to'];
  if (code === 'EEXIST' || code === 'ENOTDIR') {
    return new UserFacingError(
      `DATA_DIR is ${path}, which is a file or lies below one; it must be a folder.`,
      {
        remedies,
        cause: error,
      },
    );
  }
  // A folder of the system such as /proc denies that a new entry could exist.
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOENT') {
    return new UserFacingError(`DATA_DIR is ${path}, which this user cannot write to (${code}).`, {
      remedies: [...remedies, `or give this user the right to write to ${path}`],
      cause: error,
    });
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new UserFacingError(`There is no room left on the disk of DATA_DIR (${path}).`, {
      remedies: ['make room on that disk, or set DATA_DIR to a folder on another one'],
      cause: error,
    });
  }
  return new UserFacingError(`DATA_DIR (${path}) cannot be used: ${errorMessage(error)}`, {
    remedies,
    cause: error,
  });
}

/** Size of a file in bytes; 0 when there is none. */
export async function fileSize(path: string): Promise<number> {
  return stat(path).then(
    (found) => found.size,
    () => 0,
  );
}
