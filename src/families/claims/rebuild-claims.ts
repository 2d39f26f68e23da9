import { randomUUID } from 'node:crypto';
import mongoose, { type mongo } from 'mongoose';
import { CLAIMS_SENTINEL_ID } from '../../database/collections.js';
import type { Claim } from '../../event-log/event-log.js';
import type { LogCollections } from '../../event-log/log-collections.js';
import type { FamilyKeys } from '../../privacy/family-keys.js';
import { claimDifferences, type ClaimDifference } from './claim-differences.js';
import { ClaimsLease } from './claims-lease.js';
import { ExpectedClaims, type ContestedClaim, type OnProgress } from './expected-claims.js';
import { sharesFor } from './verify-claims.js';

const { Long } = mongoose.mongo;

/** Claims written in one transaction. */
const PER_TRANSACTION = 500;

/** What `claims rebuild` did. */
export interface ClaimsRebuilt {
  /** Claims there are now. */
  claims: number;
  restored: number;
  removed: number;
  corrected: number;
  contested: readonly ContestedClaim[];
  /** Claim-making events whose family has no key any more: nothing can be claimed by them. */
  unreadable: readonly number[];
  position: number;
}

/**
 * Puts the claims back as the log says. Without their sentinel, which goes first and comes back last, every
 * command that makes or releases a claim is refused: nothing moves under the rebuild, and one that dies
 * half-way leaves the door shut until the next has finished. Claims that are right are not touched, so that
 * sign-ins go on. Where two families claim one address, the earlier position keeps it.
 * @throws ClaimsLeaseTaken while another rebuild runs; LogDamaged: nothing is healed from a damaged log.
 */
export async function rebuildClaims(
  log: LogCollections,
  keys: FamilyKeys,
  onProgress?: OnProgress,
): Promise<ClaimsRebuilt> {
  const parts = await sharesFor(log);
  const sharePart = (part: number): ExpectedClaims => new ExpectedClaims(log, keys, { part, parts });
  const first = sharePart(0);
  // A log that cannot be read to its end is found damaged here, before the door is shut for nothing.
  await first.advance((position, total) => onProgress?.(position, parts * total));

  const lease = await ClaimsLease.take(log, randomUUID());
  await log.claims.deleteOne({ _id: CLAIMS_SENTINEL_ID });
  const done: ClaimsRebuilt = {
    claims: 0,
    restored: 0,
    removed: 0,
    corrected: 0,
    contested: [],
    unreadable: [],
    position: 0,
  };
  for (let part = 0; part < parts; part += 1) {
    const expected = part === 0 ? first : sharePart(part);
    await expected.advance((position, total) => onProgress?.(part * total + position, parts * total));
    const differences = await claimDifferences(log, expected);
    for (let from = 0; from < differences.length; from += PER_TRANSACTION) {
      const some = differences.slice(from, from + PER_TRANSACTION);
      await lease.write((session) => correct(log, session, some));
    }
    done.claims += expected.claims.size;
    done.restored += differences.filter(({ found }) => found === null).length;
    done.removed += differences.filter((difference) => difference.expected === null).length;
    done.corrected += differences.filter(
      ({ found, expected: wanted }) => found !== null && wanted !== null,
    ).length;
    done.contested = [...done.contested, ...expected.contested];
    done.unreadable = expected.unreadable;
    done.position = expected.position;
  }
  await lease.write(async (session) => {
    await log.claims.insertOne({ _id: CLAIMS_SENTINEL_ID, count: Long.fromNumber(done.claims) }, { session });
    await lease.end(session);
  });
  return done;
}

/** Removes before it inserts: a member's one claim may move from one address to another. */
async function correct(
  { claims }: LogCollections,
  session: mongo.ClientSession,
  differences: readonly ClaimDifference[],
): Promise<void> {
  const wrong = differences.filter(({ found }) => found !== null).map(({ email }) => email);
  if (wrong.length > 0) await claims.deleteMany({ _id: { $in: wrong } }, { session });
  const right = differences.flatMap(({ email, expected }) =>
    expected === null ? [] : [toDocument(email, expected)],
  );
  if (right.length > 0) await claims.insertMany(right, { session });
}

function toDocument(
  email: string,
  { family, member, position }: Claim,
): {
  _id: string;
  family: string;
  member: string;
  position: mongo.Long;
} {
  return { _id: email, family, member, position: Long.fromNumber(position) };
}
