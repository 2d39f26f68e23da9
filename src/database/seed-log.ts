import mongoose, { type mongo } from 'mongoose';
import type { Reporter } from '../config/reporter.js';
import { CLAIMS_SENTINEL_ID, LOG_HEAD_ID } from './collections.js';
import { logDatabaseOf } from './database-names.js';
import { GENESIS_HASH } from './hash-chain.js';
import { hasCode, MONGO_CODE } from './mongo-codes.js';

const { Binary, Long } = mongoose.mongo;

type LogDocument = mongo.Document & { _id: string };

/**
 * Gives a log that is begun its head, and claims that nobody wiped their sentinel. A log that has moved gets
 * neither: its head is restored, its claims are rebuilt.
 * @param options.isNew as `mayBeginLog` said before anything was made
 */
export async function seedLog(
  root: mongo.MongoClient,
  name: string,
  { isNew, reporter }: { isNew: boolean; reporter: Reporter },
): Promise<void> {
  const log = root.db(logDatabaseOf(name));
  if (isNew && (await insertOnce(log, 'log_head', firstHead()))) {
    reporter.line(`Made the head of the log in ${log.databaseName}`);
  }
  if (await nothingWasEverClaimed(log)) {
    await insertOnce(log, 'email_claims', { _id: CLAIMS_SENTINEL_ID, count: Long.ZERO });
  }
}

function firstHead(): LogDocument {
  return {
    _id: LOG_HEAD_ID,
    position: Long.ZERO,
    hash: new Binary(GENESIS_HASH),
    at: new Date(0),
  };
}

/** A set-up that was killed leaves a head at 0 without a sentinel; a head that has moved tells of claims. */
async function nothingWasEverClaimed(log: mongo.Db): Promise<boolean> {
  const [claims, events, head] = await Promise.all([
    isEmpty(log, 'email_claims'),
    isEmpty(log, 'events'),
    log.collection<LogDocument>('log_head').findOne({ _id: LOG_HEAD_ID }),
  ]);
  return claims && events && head !== null && Number(head['position']) === 0;
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
