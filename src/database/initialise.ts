import type { mongo } from 'mongoose';
import { silentReporter, type Reporter } from '../config/reporter.js';
import { UserFacingError } from '../config/user-facing-error.js';
import { COLLECTIONS } from './collections.js';
import { requireDatabaseName } from './database-names.js';
import { mayBeginLog } from './lost-log.js';
import { makeCollection } from './make-collection.js';
import { makeIndexes } from './make-indexes.js';
import { makeUser } from './make-users.js';
import { hasCode, MONGO_CODE } from './mongo-codes.js';
import { DATABASE_USERS, type DatabaseUser } from './roles.js';
import { seedLog } from './seed-log.js';
import { requireSuitableServer } from './suitable-server.js';

/**
 * Makes everything an installation called `name` needs: collections with their validators and indexes, the
 * head of a log that was never begun, roles and users. What is there already is left as it is or brought up to date; run
 * again it changes nothing, and several processes may run it at once. Users come last: whoever can sign in
 * as `service` finds everything else made.
 *
 * Nothing is ever dropped or emptied, and a log that was ever begun gets no new head: where it is lost, nothing
 * is made at all.
 * @param root a client signed in as an administrator of the server.
 * @param projections the names of all projections: the service gets rights on the slots and views of each.
 * @param mark the file by which the data folder remembers that the log was begun, where it does.
 * @throws UserFacingError where the server is unsuitable, rights are missing, or what is there is in the way.
 */
export async function initialiseDatabase(
  root: mongo.MongoClient,
  name: string,
  passwords: Readonly<Record<DatabaseUser, string>>,
  projections: readonly string[],
  reporter: Reporter = silentReporter,
  mark?: string,
): Promise<void> {
  requireDatabaseName(name);
  try {
    await requireSuitableServer(root);
    const isNew = await mayBeginLog(root, name, mark);
    await Promise.all(COLLECTIONS.map((spec) => makeCollection(root, name, spec, reporter)));
    await Promise.all(COLLECTIONS.map((spec) => makeIndexes(root, name, spec, reporter)));
    await seedLog(root, name, { isNew, reporter });
    await Promise.all(
      DATABASE_USERS.map((user) => makeUser(root, name, user, passwords[user], projections, reporter)),
    );
  } catch (error) {
    if (!hasCode(error, MONGO_CODE.unauthorized)) throw error;
    throw new UserFacingError(`This database user may not set up the database ${name}: ${messageOf(error)}`, {
      remedies: [
        'sign in as a user with the role "root" (or "dbAdminAnyDatabase", "readWriteAnyDatabase" and "userAdminAnyDatabase" together)',
      ],
      cause: error,
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
