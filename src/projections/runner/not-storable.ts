import mongoose from 'mongoose';
import { isDatabaseAway } from '../../database/database-away.js';
import { hasCode, mayPassByRetry, MONGO_CODE } from '../../database/mongo-codes.js';

const { MongoBulkWriteError, MongoError, MongoInvalidArgumentError } = mongoose.mongo;

/** What a projection has made of its events is nothing that MongoDB takes, however often it is tried. */
export class NotStorable extends Error {
  constructor(collection: string, why: string, options?: ErrorOptions) {
    super(`What it makes cannot be stored in ${collection}: ${why}`, options);
    this.name = 'NotStorable';
  }
}

/** Documents changed between reading and writing them: fold the batch again on what is there now. */
export class DocumentsMoved extends NotStorable {
  /** @param index the unique index that has an equal one by now */
  constructor(collection: string, index = '_id_') {
    super(
      collection,
      index === '_id_'
        ? 'somebody else has changed it'
        : `there is an equal one in the unique index ${index}`,
    );
    this.name = 'DocumentsMoved';
  }
}

/** MongoDB's "TransactionTooLarge" and "TransactionTooLargeForCache". */
const TOO_LARGE = [257, 388];

/** A transaction that MongoDB finds too large, as what it is; any other error as it came. */
export function whyNotCommitted(collections: string, error: unknown): unknown {
  if (!hasCode(error, ...TOO_LARGE)) return error;
  return new NotStorable(collections, 'it is too large for one transaction', { cause: error });
}

/**
 * What an error says that came of writing documents: `NotStorable` where they are at fault, and not the database,
 * the connection, rights or a conflict that passes.
 */
export function whyNotStored(collection: string, error: unknown): unknown {
  if (hasCode(error, MONGO_CODE.duplicateKey) && error instanceof Error) {
    return new DocumentsMoved(collection, /index: (\S+)/.exec(error.message)?.[1]);
  }
  if (isDatabaseAway(error) || mayPassByRetry(error)) return error;
  // The driver makes one of every error; only those of single documents are named in it.
  if (error instanceof MongoBulkWriteError && [error.writeErrors].flat().length > 0) {
    // What the server says of a document may hold parts of it.
    return new NotStorable(collection, `MongoDB refuses it (error ${String(error.code)})`, { cause: error });
  }
  // What is no error of the driver's comes of making bytes of a document: it is too large, too deep, or not BSON.
  const isOfTheDocument = !(error instanceof MongoError) || error instanceof MongoInvalidArgumentError;
  if (!isOfTheDocument) return whyNotCommitted(collection, error);
  const why = error instanceof Error ? error.message : String(error);
  return new NotStorable(collection, why, { cause: error });
}
