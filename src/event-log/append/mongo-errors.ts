import mongoose from 'mongoose';
import { isDatabaseAway } from '../../database/database-away.js';
import { hasCode, MONGO_CODE } from '../../database/mongo-codes.js';

const { MongoError } = mongoose.mongo;

/** Where a value was there already, as `collection index`; null for any other error. */
export function duplicateIn(error: unknown): string | null {
  if (!hasCode(error, MONGO_CODE.duplicateKey)) return null;
  const named = /collection: \S+?\.(\S+) index: (\S+)/.exec(error.message);
  return named === null ? 'a unique index' : `${named[1]} (index ${named[2]})`;
}

/** Errors that another try may not meet: write conflicts, elections, lost connections. */
export function mayPass(error: unknown): boolean {
  const mayBeRetried =
    error instanceof MongoError &&
    (error.hasErrorLabel('TransientTransactionError') ||
      error.hasErrorLabel('UnknownTransactionCommitResult'));
  return mayBeRetried || isDatabaseAway(error);
}
