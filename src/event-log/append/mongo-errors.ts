import mongoose from 'mongoose';
import { isDatabaseAway } from '../../database/database-away.js';

const { MongoError, MongoServerError } = mongoose.mongo;

const DUPLICATE_KEY = 11000;

/** Where a value was there already, as `collection index`; null for any other error. */
export function duplicateIn(error: unknown): string | null {
  if (!(error instanceof MongoServerError) || error.code !== DUPLICATE_KEY) return null;
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
