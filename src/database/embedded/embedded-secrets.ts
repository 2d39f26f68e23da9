import { randomBytes } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { ensureDatabaseUsers, readDatabaseUsers } from '../../config/database-users.js';
import { hasErrorCode } from '../../config/error-facts.js';
import { replaceSecretFile, unreadable } from '../../config/secret-files.js';
import { UserFacingError } from '../../config/user-facing-error.js';
import { holdsDatabase, type DataFolder } from './data-folder.js';

const KEY_BYTES = 96;

export interface EmbeddedSecrets {
  /** Password of MongoDB's `root` user. */
  readonly rootPassword: string;
  /** Content of the key file, with which members of the replica set trust each other. */
  readonly key: string;
}

/**
 * Reads the secrets of the embedded server, or makes them when MongoDB has never stored anything here. They
 * are on disk before MongoDB's first file is, so a start that was cut short can always be taken up again.
 * @throws UserFacingError when data exists but one of its secrets is gone (new ones would lock the data up), or
 *   when one cannot be read, or can be read by others.
 */
export async function embeddedSecrets(folder: DataFolder): Promise<EmbeddedSecrets> {
  const mayCreate = !(await holdsDatabase(folder));
  const { root } = await readDatabaseUsers(folder.root);
  const key = await readKey(folder.keyFile);
  const missing = [
    ...(root === undefined ? [`${folder.databaseUsers} (key "root")`] : []),
    ...(key === undefined ? [folder.keyFile] : []),
  ];
  if (missing.length > 0 && !mayCreate) throw lost(folder, missing);
  return {
    rootPassword: root ?? (await ensureDatabaseUsers(folder.root, ['root'])).root,
    key: key ?? (await makeKey(folder.keyFile)),
  };
}

async function makeKey(path: string): Promise<string> {
  const key = randomBytes(KEY_BYTES).toString('base64');
  await replaceSecretFile(path, `${key}\n`);
  return key;
}

async function readKey(path: string): Promise<string | undefined> {
  try {
    const key = (await readFile(path, 'utf8')).trim();
    // mongod refuses a key file that others may read, as copies and restores often leave it.
    await chmod(path, 0o600);
    return key === '' ? undefined : key;
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw hasErrorCode(error, 'EACCES', 'EPERM', 'EISDIR') ? unreadable(path, error) : error;
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
