import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { makeFolder } from './files.js';
import { withFileLock } from './file-lock.js';
import { explainWriteFailure, readSecretFile, replaceSecretFile, secretsFolder } from './secret-files.js';
import { UserFacingError } from './user-facing-error.js';

/** Bytes of randomness in a generated password. */
const PASSWORD_BYTES = 24;

/** Passwords by user name. */
export type DatabasePasswords = Readonly<Record<string, string>>;

/** Where the passwords of the database's users are kept. */
export function databaseUsersPath(dataDir: string): string {
  return join(secretsFolder(dataDir), 'database-users.json');
}

/**
 * The passwords this installation knows; none where there is no file.
 * @throws UserFacingError where the file is no JSON object of passwords, or readable by others.
 */
export async function readDatabaseUsers(dataDir: string): Promise<DatabasePasswords> {
  const path = databaseUsersPath(dataDir);
  const text = await readSecretFile(path);
  if (text === undefined) return {};
  const users = parse(text);
  if (users !== undefined) return users;
  throw new UserFacingError(`${path} is not a JSON object of names and passwords.`, {
    remedies: ['restore this file from a backup; it holds the passwords of the database users'],
  });
}

/**
 * The passwords of these users, generated where there are none yet. Others in the file stay as they are;
 * processes that do this at the same moment get the same passwords.
 */
export async function ensureDatabaseUsers<Name extends string>(
  dataDir: string,
  names: readonly Name[],
): Promise<Readonly<Record<Name, string>>> {
  const known = await readDatabaseUsers(dataDir);
  if (hasAll(known, names)) return known;
  const path = databaseUsersPath(dataDir);
  try {
    await makeFolder(secretsFolder(dataDir));
    return await withFileLock(`${path}.lock`, () => addMissing(dataDir, names));
  } catch (error) {
    throw explainWriteFailure(path, error);
  }
}

async function addMissing<Name extends string>(
  dataDir: string,
  names: readonly Name[],
): Promise<Readonly<Record<Name, string>>> {
  const path = databaseUsersPath(dataDir);
  const before = await readDatabaseUsers(dataDir);
  const made = names
    .filter((name) => before[name] === undefined)
    .map((name) => [name, randomBytes(PASSWORD_BYTES).toString('base64url')] as const);
  const after: DatabasePasswords = { ...before, ...Object.fromEntries(made) };
  if (made.length > 0) await replaceSecretFile(path, `${JSON.stringify(after, null, 2)}\n`);
  if (!hasAll(after, names)) throw new Error(`${path} lacks a password that was just made`);
  return after;
}

function hasAll<Name extends string>(
  users: DatabasePasswords,
  names: readonly Name[],
): users is Readonly<Record<Name, string>> {
  return names.every((name) => users[name] !== undefined);
}

function parse(text: string): DatabasePasswords | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isPasswords(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isPasswords(value: unknown): value is DatabasePasswords {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((password) => typeof password === 'string' && password !== '')
  );
}
