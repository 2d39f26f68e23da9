import mongoose, { type mongo } from 'mongoose';
import { OPEN_CLAIMS_SENTINEL } from '../../database/collections.js';
import { ClaimsMissing, ClaimTaken } from '../errors.js';
import type { ClaimChange } from '../event.js';
import type { PlacedEvent } from '../event-bytes.js';
import { insertAll } from './insert-all.js';
import type { ClaimDocument, LogCollections } from '../log-collections.js';

const { Long } = mongoose.mongo;

interface Release extends Pick<ClaimChange, 'value' | 'holder'> {
  stream: string;
}

/**
 * Carries out the claims of a batch inside its transaction, in append order, and moves the sentinel by as
 * many: a transaction that found it open and one that closes it cannot both commit. `firstPosition` is the
 * position of the first event.
 * @throws ClaimsMissing without the sentinel, and where it is closed; a duplicate-key error for making what somebody holds; ClaimTaken
 * for giving back what somebody else holds.
 */
export async function writeClaims(
  { db, claims }: LogCollections,
  session: mongo.ClientSession,
  placed: readonly PlacedEvent[],
  firstPosition: number,
): Promise<void> {
  const writes: mongo.AnyBulkWriteOperation<ClaimDocument>[] = [];
  const made: ClaimDocument[] = [];
  const released: Release[] = [];
  placed.forEach(({ event, stream }, index) => {
    for (const { kind, value, holder } of event.claims ?? []) {
      if (kind === 'make') {
        const position = Long.fromNumber(firstPosition + index);
        const document = { _id: value, ...holder, position };
        made.push(document);
        writes.push({ insertOne: { document } });
      } else {
        writes.push({ deleteOne: { filter: { _id: value, ...holder } } });
        released.push({ stream, value, holder });
      }
    }
  });
  if (writes.length === 0) return;
  const sentinel = await claims.updateOne(
    OPEN_CLAIMS_SENTINEL,
    { $inc: { count: Long.fromNumber(made.length - released.length) } },
    { session },
  );
  if (sentinel.matchedCount === 0) throw new ClaimsMissing();
  if (released.length === 0) return insertAll(db, 'email_claims', made, session);
  await requireOwnOrWiped(claims, session, released);
  await claims.bulkWrite(writes, { session, ordered: true });
}

/**
 * A claim to be given back that is not there was wiped: the sentinel counts what should be, so it moves all
 * the same. One that somebody else holds must stay, and the sentinel with it.
 */
async function requireOwnOrWiped(
  claims: LogCollections['claims'],
  session: mongo.ClientSession,
  released: readonly Release[],
): Promise<void> {
  const found = claims.find({ _id: { $in: released.map(({ value }) => value) } }, { session });
  for await (const { _id, family = '', member = '' } of found) {
    const thief = released.find(
      ({ value, holder }) => value === _id && (holder.family !== family || holder.member !== member),
    );
    if (thief !== undefined) throw new ClaimTaken(thief.stream, { family, member });
  }
}
