import mongoose, { type mongo } from 'mongoose';
import type { Reporter } from '../config/reporter.js';
import { UserFacingError } from '../config/user-facing-error.js';
import { CLAIMS_SENTINEL_ID, LOG_HEAD_ID } from './collections.js';
import { logDatabaseOf } from './database-names.js';
import { GENESIS_HASH } from './hash-chain.js';
import { hasCode, MONGO_CODE } from './mongo-codes.js';

const { Binary, Long } = mongoose.mongo;

type LogDocument = mongo.Document & { _id: string };

/**
 * Gives a log without events its head, and claims that nobody wiped their sentinel. A log that has events
 * gets neither: its head is restored, its claims are rebuilt.
 * @throws UserFacingError for events without a head.
 */
export async function seedLog(root: mongo.MongoClient, name: string, reporter: Reporter): Promise<void> {
  const log = root.db(logDatabaseOf(name));
  const [events, head, claims] = await Promise.all([
    isEmpty(log, 'events'),
    isEmpty(log, 'log_head'),
    isEmpty(log, 'email_claims'),
  ]);
  if (!events && head) {
    throw new UserFacingError(
      `${log.databaseName} holds events, but log_head is empty: the log is damaged.`,
      {
        remedies: ['restore the log from its archive or from a backup; nothing was changed'],
      },
    );
  }
  if (!events) return;
  if (head && (await insertOnce(log, 'log_head', firstHead()))) {
    reporter.line(`Made the head of the log in ${log.databaseName}`);
  }
  if (claims) await insertOnce(log, 'email_claims', { _id: CLAIMS_SENTINEL_ID, count: Long.ZERO });
}

function firstHead(): LogDocument {
  return {
    _id: LOG_HEAD_ID,
    position: Long.ZERO,
    hash: new Binary(GENESIS_HASH),
    at: new Date(0),
  };
}

async function isEmpty(log: mongo.Db, collection: string): Promise<boolean> {
  return (await log.collection(collection).findOne({}, { projection: { _id: 1 } })) === null;
}

/** @returns false where another process was first. */
async function insertOnce(log: mongo.Db, collection: string, document: LogDocument): Promise<boolean> {
  try {
    await log
      .collection<LogDocument>(collection)
      .insertOne(document, { writeConcern: { w: 'majority', journal: true } });
    return true;
  } catch (error) {
    if (hasCode(error, MONGO_CODE.duplicateKey)) return false;
    throw error;
  }
}
