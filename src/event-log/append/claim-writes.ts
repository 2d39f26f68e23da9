import mongoose, { type mongo } from 'mongoose';
import { ClaimsMissing } from '../errors.js';
import type { PlacedEvent } from '../event-bytes.js';
import { CLAIMS_SENTINEL, type ClaimDocument, type LogCollections } from '../log-collections.js';

const { Long } = mongoose.mongo;

/**
 * Carries out the claims of a batch inside its transaction, in append order, and moves the sentinel by as
 * many. `firstPosition` is the position of the first event.
 * @throws ClaimsMissing without the sentinel; a duplicate-key error for a value somebody holds.
 */
export async function writeClaims(
  { claims }: LogCollections,
  session: mongo.ClientSession,
  placed: readonly PlacedEvent[],
  firstPosition: number,
): Promise<void> {
  const writes: mongo.AnyBulkWriteOperation<ClaimDocument>[] = [];
  let made = 0;
  let released = 0;
  placed.forEach(({ event }, index) => {
    for (const { kind, value, holder } of event.claims ?? []) {
      if (kind === 'make') {
        const position = Long.fromNumber(firstPosition + index);
        writes.push({ insertOne: { document: { _id: value, ...holder, position } } });
        made += 1;
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
    { $inc: { count: Long.fromNumber(made - released) } },
    { session },
  );
  if (sentinel.matchedCount === 0) throw new ClaimsMissing();
  // A released claim that is not there was wiped: the sentinel counts what should be, so it moves all the same.
  await claims.bulkWrite(writes, { session, ordered: true });
}
