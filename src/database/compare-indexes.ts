import { isDeepStrictEqual } from 'node:util';
import type { mongo } from 'mongoose';
import type { IndexSpec } from './collections.js';

/** Whether an index, as MongoDB lists it, is the one that is wanted: its name says nothing about what it does. */
export function isSameIndex(index: mongo.Document, wanted: IndexSpec): boolean {
  const { key, unique, partialFilterExpression, expireAfterSeconds, sparse, collation } = index as Record<
    string,
    unknown
  >;
  return (
    isDeepStrictEqual(Object.entries(key ?? {}), Object.entries(wanted.key)) &&
    (unique === true) === (wanted.unique === true) &&
    isDeepStrictEqual(partialFilterExpression, wanted.partialFilterExpression) &&
    expireAfterSeconds === wanted.expireAfterSeconds &&
    sparse !== true &&
    collation === undefined
  );
}

/** The indexes, by name, by which MongoDB would delete documents, unasked and unseen, though none like it is wanted. */
export function deletingIndexes(indexes: readonly mongo.Document[], wanted: readonly IndexSpec[]): string[] {
  return indexes
    .filter((index) => 'expireAfterSeconds' in index && !wanted.some((one) => isSameIndex(index, one)))
    .map((index) => String(index['name']));
}
