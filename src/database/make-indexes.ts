import type { mongo } from 'mongoose';
import type { Reporter } from '../config/reporter.js';
import { UserFacingError } from '../config/user-facing-error.js';
import { databaseOf, indexName, type CollectionSpec, type IndexSpec } from './collections.js';
import { hasCode, MONGO_CODE } from './mongo-codes.js';
import { retrying } from './retrying.js';

/** Duplicates that are named in the message; there may be more. */
const NAMED_DUPLICATES = 5;

/** Makes the collection's indexes. @throws UserFacingError where duplicates or another index are in the way. */
export async function makeIndexes(
  root: mongo.MongoClient,
  name: string,
  spec: CollectionSpec,
  reporter: Reporter,
): Promise<void> {
  const db = root.db(databaseOf(spec, name));
  const collection = db.collection(spec.name);
  for (const index of spec.indexes) {
    try {
      const made = await retrying(() => makeIndex(db, spec.name, index));
      if (made) reporter.line(`Made index ${indexName(index)} on ${collection.namespace}`);
    } catch (error) {
      if (hasCode(error, MONGO_CODE.duplicateKey)) throw await duplicatesIn(collection, index, error);
      if (hasCode(error, MONGO_CODE.indexOptionsConflict, MONGO_CODE.indexKeySpecsConflict)) {
        throw new UserFacingError(
          `${collection.namespace} has an index on ${fieldsOf(index)} already, and it is another than ours.`,
          {
            remedies: [`drop that index (db.${spec.name}.dropIndex(…)) and run the same again`],
            cause: error,
          },
        );
      }
      throw error;
    }
  }
}

/** @returns whether it was not there before. */
async function makeIndex(db: mongo.Db, collection: string, index: IndexSpec): Promise<boolean> {
  const reply = await db.command({
    createIndexes: collection,
    indexes: [{ ...index, name: indexName(index) }],
  });
  return reply['numIndexesAfter'] !== reply['numIndexesBefore'];
}

async function duplicatesIn(
  collection: mongo.Collection,
  index: IndexSpec,
  cause: unknown,
): Promise<UserFacingError> {
  const fields = Object.keys(index.key);
  const duplicates = await collection
    .aggregate<{ _id: Record<string, unknown>; ids: unknown[] }>(
      [
        { $match: index.partialFilterExpression ?? {} },
        {
          $group: {
            _id: Object.fromEntries(fields.map((field) => [field, `$${field}`])),
            ids: { $firstN: { input: '$_id', n: NAMED_DUPLICATES } },
            count: { $sum: 1 },
          },
        },
        { $match: { count: { $gt: 1 } } },
        { $sort: { _id: 1 } },
        { $limit: NAMED_DUPLICATES },
      ],
      { allowDiskUse: true },
    )
    .toArray();
  const named = duplicates.map(
    ({ _id, ids }) =>
      `${fields.map((field) => `${field} ${String(_id[field])}`).join(', ')} is in the documents ${ids.map(String).join(', ')}`,
  );
  return new UserFacingError(
    `${collection.namespace} holds duplicates, so ${fieldsOf(index)} cannot be made unique: ${named.join('; ')}.`,
    {
      remedies: [
        'find out which of the documents is right before anything is removed; nothing was changed',
        'run the same again when no duplicate is left: the service does not start before',
      ],
      cause,
    },
  );
}

function fieldsOf({ key }: IndexSpec): string {
  return `(${Object.keys(key).join(', ')})`;
}
