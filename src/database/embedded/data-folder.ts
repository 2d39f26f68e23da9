import { mkdir, readdir, realpath, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserFacingError } from '../../config/user-facing-error.js';
import { errorCode, errorMessage } from './error-facts.js';

const DEFAULT_MIN_FREE_MB = 200;

/** Where everything of one installation with an embedded MongoDB lies. */
export interface DataFolder {
  readonly root: string;
  readonly secrets: string;
  readonly keyFile: string;
  readonly databaseUsers: string;
  /** MongoDB's own files (dbPath). */
  readonly database: string;
  readonly record: string;
  readonly log: string;
  readonly users: string;
  readonly lock: string;
}

/** The paths inside a data folder; touches nothing. */
export function dataFolder(dataDir: string): DataFolder {
  const root = resolve(dataDir);
  const secrets = join(root, 'secrets');
  return {
    root,
    secrets,
    keyFile: join(secrets, 'mongod-keyfile'),
    databaseUsers: join(secrets, 'database-users.json'),
    database: join(root, 'mongodb'),
    record: join(root, 'mongod.json'),
    log: join(root, 'mongod.log'),
    users: join(root, 'mongod.users'),
    lock: join(root, 'mongod.start-lock'),
  };
}

/**
 * Makes sure that the data folder exists (mode 0700) and can be written to.
 * @throws UserFacingError when it is a file, lies below one, or is read-only.
 */
export async function prepareDataFolder(dataDir: string): Promise<DataFolder> {
  const wanted = resolve(dataDir);
  try {
    await mkdir(wanted, { recursive: true, mode: 0o700 });
    const folder = dataFolder(await realpath(wanted));
    const probe = join(folder.root, `.write-check-${process.pid}`);
    await writeFile(probe, '');
    await rm(probe, { force: true });
    return folder;
  } catch (error) {
    throw unusable(wanted, error);
  }
}

/** Whether MongoDB has ever written anything in this data folder. */
export async function holdsDatabase(folder: DataFolder): Promise<boolean> {
  return (await readdir(folder.database).catch(() => [])).length > 0;
}

/**
 * @param env `MONGOD_MIN_FREE_MB` replaces the default of 200 MB.
 * @throws UserFacingError when the disk has less room left: MongoDB aborts in the middle of work on a full disk.
 */
export async function requireFreeSpace(folder: DataFolder, env: NodeJS.ProcessEnv): Promise<void> {
  const wanted = Number(env.MONGOD_MIN_FREE_MB ?? DEFAULT_MIN_FREE_MB);
  if (!Number.isFinite(wanted) || wanted < 0) {
    throw new UserFacingError(
      `MONGOD_MIN_FREE_MB must be a number of megabytes, not "${env.MONGOD_MIN_FREE_MB}".`,
    );
  }
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
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new UserFacingError(`DATA_DIR is ${path}, which this user cannot write to (${code}).`, {
      remedies: [...remedies, `or give this user the right to write to ${path}`],
      cause: error,
    });
  }
  if (code === 'ENOSPC') {
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
