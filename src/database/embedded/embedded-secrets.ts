import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { UserFacingError } from '../../config/user-facing-error.js';
import { holdsDatabase, type DataFolder } from './data-folder.js';
import { errorCode } from './error-facts.js';
import { writeFileDurably } from './write-file-durably.js';

export interface EmbeddedSecrets {
  /** Password of MongoDB's `root` user. */
  readonly rootPassword: string;
  /** Content of the key file, with which members of the replica set trust each other. */
  readonly key: string;
}

/**
 * Reads the secrets of the embedded server, or makes them when MongoDB has never stored anything here. They
 * are on disk before MongoDB's first file is, so a start that was cut short can always be taken up again.
 * @throws UserFacingError when data exists but one of its secrets is gone: new ones would lock the data up.
 */
export async function embeddedSecrets(folder: DataFolder): Promise<EmbeddedSecrets> {
  const mayCreate = !(await holdsDatabase(folder));
  await mkdir(folder.secrets, { recursive: true, mode: 0o700 });
  const users = await readUsers(folder.databaseUsers);
  const key = await readText(folder.keyFile);
  const missing = [
    ...(users?.root === undefined
      ? [users === undefined ? folder.databaseUsers : `${folder.databaseUsers} (key "root")`]
      : []),
    ...(key === undefined ? [folder.keyFile] : []),
  ];
  if (missing.length > 0 && !mayCreate) throw lost(folder, missing);

  const rootPassword = users?.root ?? randomBytes(24).toString('base64url');
  if (users?.root === undefined) {
    await writeFileDurably(
      folder.databaseUsers,
      `${JSON.stringify({ ...users, root: rootPassword }, null, 2)}\n`,
    );
  }
  const keyText = key ?? randomBytes(96).toString('base64');
  if (key === undefined) await writeFileDurably(folder.keyFile, `${keyText}\n`);
  // mongod refuses a key file that others may read, as copies and restores often leave it.
  await chmod(folder.keyFile, 0o600);
  return { rootPassword, key: keyText };
}

async function readUsers(path: string): Promise<Record<string, string> | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new TypeError('not an object');
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch (error) {
    throw new UserFacingError(`${path} is not readable as JSON.`, {
      remedies: ['restore this file from a backup; it holds the passwords of the database users'],
      cause: error,
    });
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    return text === '' ? undefined : text;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function lost(folder: DataFolder, missing: readonly string[]): UserFacingError {
  return new UserFacingError(
    `${folder.database} holds data, but what opens it is missing: ${missing.join(', ')}. Nothing was changed.`,
    {
      remedies: [
        `restore ${missing.length === 1 ? 'this file' : 'these files'} from the backup of this data folder (mode 0600)`,
        'set DATA_DIR to another, empty folder to begin a new installation',
      ],
    },
  );
}
