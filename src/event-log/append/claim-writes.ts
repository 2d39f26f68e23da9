import mongoose, { type mongo } from 'mongoose';
import { ClaimsMissing } from '../errors.js';
import type { PlacedEvent } from '../event-bytes.js';
import { insertAll } from './insert-all.js';
import { CLAIMS_SENTINEL, type ClaimDocument, type LogCollections } from '../log-collections.js';

const { Long } = mongoose.mongo;

/**
 * Carries out the claims of a batch inside its transaction, in append order, and moves the sentinel by as
 * many. `firstPosition` is the position of the first event.
 * @throws ClaimsMissing without the sentinel; a duplicate-key error for a value somebody holds.
 */
export async function writeClaims(
  { db, claims }: LogCollections,
  session: mongo.ClientSession,
  placed: readonly PlacedEvent[],
  firstPosition: number,
): Promise<void> {
  const writes: mongo.AnyBulkWriteOperation<ClaimDocument>[] = [];
  const made: ClaimDocument[] = [];
  let released = 0;
  placed.forEach(({ event }, index) => {
    for (const { kind, value, holder } of event.claims ?? []) {
      if (kind === 'make') {
        const position = Long.fromNumber(firstPosition + index);
        const document = { _id: value, ...holder, position };
        made.push(document);
        writes.push({ insertOne: { document } });
      } else {
        // With the holder in the filter nobody can release what another family holds.
        writes.push({ deleteOne: { filter: { _id: value, ...holder } } });
        released += 1;
      }
    }
  });
  if (writes.length === 0) return;
  const sentinel = await claims.updateOne(
    { _id: CLAIMS_SENTINEL },
    { $inc: { count: Long.fromNumber(made.length - released) } },
    { session },
  );
  if (sentinel.matchedCount === 0) throw new ClaimsMissing();
  // A released claim that is not there was wiped: the sentinel counts what should be, so it moves all the same.
  if (released > 0) await claims.bulkWrite(writes, { session, ordered: true });
  else await insertAll(db, 'email_claims', made, session);
}
