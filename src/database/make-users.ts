import type { mongo } from 'mongoose';
import type { Reporter } from '../config/reporter.js';
import { logDatabaseOf } from './database-names.js';
import { hasCode, MONGO_CODE } from './mongo-codes.js';
import { retrying } from './retrying.js';
import { privilegesOf, roleName, type DatabaseUser } from './roles.js';

/**
 * Makes the user and its role, or gives existing ones today's rights and this password. The user lives in
 * `<name>_log`, so that installations that share a server each have a `service` of their own.
 */
export async function makeUser(
  root: mongo.MongoClient,
  name: string,
  user: DatabaseUser,
  password: string,
  projections: readonly string[],
  reporter: Reporter,
): Promise<void> {
  const role = roleName(user, name);
  const rights = { privileges: privilegesOf(user, name, projections), roles: [] };
  const admin = root.db('admin');
  await createOrUpdate(
    () => admin.command({ createRole: role, ...rights }),
    MONGO_CODE.roleExists,
    () => admin.command({ updateRole: role, ...rights }),
  );
  const log = root.db(logDatabaseOf(name));
  const access = { pwd: password, roles: [{ role, db: 'admin' }], mechanisms: ['SCRAM-SHA-256'] };
  const made = await createOrUpdate(
    () => log.command({ createUser: user, ...access }),
    MONGO_CODE.userExists,
    () => log.command({ updateUser: user, ...access }),
  );
  if (made) reporter.line(`Made database user ${user} in ${log.databaseName}`);
}

/** @returns whether it was created. */
async function createOrUpdate(
  create: () => Promise<unknown>,
  exists: number,
  update: () => Promise<unknown>,
): Promise<boolean> {
  return retrying(async () => {
    try {
      await create();
      return true;
    } catch (error) {
      if (!hasCode(error, exists, MONGO_CODE.duplicateKey)) throw error;
    }
    await update();
    return false;
  });
}
