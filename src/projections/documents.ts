import mongoose, { type mongo } from 'mongoose';
import type { Fields } from './projection.js';

const { BSON, Long } = mongoose.mongo;

/**
 * A document as a slot holds it: `_id` first, the read model's own fields, and last the position of the last
 * event folded into it. By that an event is never folded twice.
 */
export interface StoredDocument {
  _id: string;
  position: mongo.Long;
  [field: string]: unknown;
}

/** A document in memory, while events are folded into it. */
export interface FoldedDocument {
  fields: Fields;
  position: number;
}

export function toStored(id: string, { fields, position }: FoldedDocument): StoredDocument {
  return { _id: id, ...fields, position: Long.fromNumber(position) };
}

export function fromStored({ _id, position, ...fields }: StoredDocument): FoldedDocument {
  return { fields, position: toPosition(position) };
}

/** How large a document is once it is stored, in bytes; Infinity for what cannot be, as it is not even BSON. */
export function storedSize(id: string, document: FoldedDocument | null): number {
  if (document === null) return 0;
  try {
    return BSON.calculateObjectSize(toStored(id, document), { ignoreUndefined: true });
  } catch {
    return Infinity;
  }
}

/** NaN for what is no position: somebody else has written the document. */
function toPosition(stored: unknown): number {
  if (typeof stored === 'number') return stored;
  return Long.isLong(stored) ? stored.toNumber() : NaN;
}
