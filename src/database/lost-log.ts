import type { mongo } from 'mongoose';
import { UserFacingError } from '../config/user-facing-error.js';
import { COLLECTIONS, LOG_HEAD_ID } from './collections.js';
import { logDatabaseOf } from './database-names.js';

/** What can hold something only after the head was made. */
const AFTER_THE_HEAD = COLLECTIONS.filter(
  ({ database, name }) => database === 'log' && name !== 'log_head',
).map(({ name }) => name);

/**
 * Whether a log is to be begun here: only where there has never been one. Changes nothing.
 * @param mark the file by which the data folder remembers that there was one, from `findLogMark`
 * @throws UserFacingError where there is no head, and anything that is made after it says that there was
 */
export async function mayBeginLog(root: mongo.MongoClient, name: string, mark?: string): Promise<boolean> {
  const log = root.db(logDatabaseOf(name));
  // The head last: other processes may be making everything right now, and they make the head first.
  const evidence = [
    ...(mark === undefined ? [] : [`${mark} says that it was begun`]),
    ...(await evidenceOfUsers(log)),
    ...(await evidenceOfContent(log)),
  ];
  if ((await log.collection<{ _id: string }>('log_head').findOne({ _id: LOG_HEAD_ID })) !== null)
    return false;
  if (evidence.length === 0) return true;
  throw lostLog(`${log.databaseName} has no head of the log, although ${evidence.join(', and ')}`);
}

/** A start, or a set-up, that found traces of a log and no log. @param found one clause that says so */
export function lostLog(found: string): UserFacingError {
  return new UserFacingError(
    `The log is lost, or is not the one that is meant: ${found}. Nothing was changed.`,
    {
      remedies: [
        'make sure that MONGODB_URI and DATA_DIR name the right server and the right folder, and that their disks are mounted',
        'restore the log from a backup, all its collections from one moment, then start again',
        'run "database init" or "claims rebuild" only after that: neither brings a log back',
        'for a new, empty installation take another DATA_DIR, and on a server of your own another database name',
      ],
    },
  );
}

/** They live in `admin`: dropping the log's database leaves them there. */
async function evidenceOfUsers(log: mongo.Db): Promise<string[]> {
  const { users }: { users?: unknown } = await log.command({ usersInfo: 'service' });
  if (!Array.isArray(users) || users.length === 0) return [];
  return ['its user "service" is there, who is made when the log has been begun'];
}

async function evidenceOfContent(log: mongo.Db): Promise<string[]> {
  const found = await Promise.all(
    AFTER_THE_HEAD.map(async (collection) => {
      const document = await log.collection(collection).findOne({}, { projection: { _id: 1 } });
      return document === null ? [] : [collection];
    }),
  );
  const names = found.flat();
  return names.length === 0 ? [] : [`there is something in ${names.join(', ')}`];
}
