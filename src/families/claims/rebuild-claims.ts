import mongoose, { type mongo } from 'mongoose';
import { hasCode, MONGO_CODE } from '../../database/mongo-codes.js';
import type { Claim } from '../../event-log/event-log.js';
import type { ClaimDocument, LogCollections } from '../../event-log/log-collections.js';
import type { FamilyKeys } from '../../privacy/family-keys.js';
import { claimDifferences, type ClaimDifference } from './claim-differences.js';
import { closeClaims, openClaims, putSentinelFirst } from './claims-door.js';
import { ClaimsLease, ClaimsRebuildDisturbed } from './claims-lease.js';
import { DifferenceTally } from './difference-tally.js';
import { ExpectedClaims, type ContestedClaim } from './expected-claims.js';
import { UnreadableClaims, type UnreadableReport } from './unreadable-claims.js';
import { countClaims, sharesFor, type CompareOptions } from './verify-claims.js';

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
  unreadable: UnreadableReport;
  /** Whether addresses can be claimed again: not while one that is claimed is nowhere to be read. */
  open: boolean;
  position: number;
}

export interface RebuildOptions extends CompareOptions {
  /** After how many milliseconds without a sign of life another rebuild may take over; 60,000 unless given. */
  leaseMs?: number;
}

/**
 * Puts the claims back as the log says. While their sentinel is closed, every command that makes or releases
 * a claim is refused: nothing moves under the rebuild, and one that dies half-way leaves the door shut until
 * the next has finished. Claims that are right are not touched, so that sign-ins go on. Where two families
 * claim one address, the earlier position keeps it. Where the key of a family is missing, its claim is kept as
 * it is; if there is none to keep, the door stays shut.
 * @throws ClaimsLeaseTaken while another rebuild runs; LogDamaged: nothing is healed from a damaged log;
 * ClaimsRebuildDisturbed where somebody else changed the claims meanwhile: the door stays shut.
 */
export async function rebuildClaims(
  log: LogCollections,
  keys: FamilyKeys,
  options: RebuildOptions = {},
): Promise<ClaimsRebuilt> {
  const parts = await sharesFor(log, options.claimsPerShare);
  const unreadable = new UnreadableClaims();
  const sharePart = (part: number): ExpectedClaims =>
    new ExpectedClaims(log, keys, unreadable, { part, parts });
  const first = sharePart(0);
  // A log that is damaged is found out here, before the door is shut for nothing.
  await first.advance((position, total) => options.onProgress?.(position, parts * total));

  const lease = await ClaimsLease.take(log, options.leaseMs);
  try {
    await lease.write((session) => closeClaims(log, session));
    await putSentinelFirst(log, lease);
    const shares = { first, parts, sharePart };
    const put = await putBack(log, lease, shares, options);
    const report = unreadable.report();
    const claims = put.readable + report.kept;
    await requireCount(log, claims);
    const open = report.unaccounted === 0;
    await lease.write(async (session) => {
      if (open) await openClaims(log, session, claims);
      await lease.end(session);
    });
    const { missing: restored, extra: removed, different: corrected } = put.tally;
    const { contested, position } = put;
    return { claims, restored, removed, corrected, contested, unreadable: report, open, position };
  } catch (error) {
    // The next rebuild need not wait for this one; if this fails, too, it will.
    await lease.end().catch(() => undefined);
    throw error;
  }
}

interface PutBack {
  tally: DifferenceTally;
  readable: number;
  contested: readonly ContestedClaim[];
  position: number;
}

async function putBack(
  log: LogCollections,
  lease: ClaimsLease,
  shares: { first: ExpectedClaims; parts: number; sharePart(part: number): ExpectedClaims },
  { onProgress }: RebuildOptions,
): Promise<PutBack> {
  const { parts } = shares;
  const done: PutBack = { tally: new DifferenceTally(), readable: 0, contested: [], position: 0 };
  for (let part = 0; part < parts; part += 1) {
    const expected = part === 0 ? shares.first : shares.sharePart(part);
    await expected.advance(async (position, total) => {
      await lease.keepAlive();
      await onProgress?.(part * total + position, parts * total);
    });
    const differences = await claimDifferences(log, expected, () => lease.keepAlive());
    for (let from = 0; from < differences.length; from += PER_TRANSACTION) {
      const some = differences.slice(from, from + PER_TRANSACTION);
      await correct(log, lease, some);
    }
    done.tally.add(differences);
    done.readable += expected.claims.size;
    done.contested = done.contested.concat(expected.contested);
    done.position = expected.position;
  }
  return done;
}

async function correct(
  { claims }: LogCollections,
  lease: ClaimsLease,
  differences: readonly ClaimDifference[],
): Promise<void> {
  const wrong = differences.filter(({ found }) => found !== null).map(({ email }) => email);
  const right = differences.flatMap(({ email, expected }) =>
    expected === null ? [] : [toDocument(email, expected)],
  );
  // Removes before it inserts: a member's one claim may move from one address to another.
  const replace = (isWrong: mongo.Filter<ClaimDocument>): Promise<void> =>
    lease.write(async (session) => {
      await claims.deleteMany(isWrong, { session });
      if (right.length > 0) await claims.insertMany(right, { session });
    });
  try {
    await replace({ _id: { $in: wrong } });
  } catch (error) {
    if (!hasCode(error, MONGO_CODE.duplicateKey)) throw error;
    // The other address that a member holds is a difference of a later page, or of another share.
    const held = right.map(({ family, member }) => ({ family, member }));
    await replace({ $or: [{ _id: { $in: wrong } }, ...held] });
  }
}

function toDocument(
  email: string,
  { family, member, position }: Claim,
): Required<Omit<ClaimDocument, 'count' | 'closedSince'>> {
  return { _id: email, family, member, position: Long.fromNumber(position) };
}

/** While the door is shut nobody else writes claims: another number than was put back is somebody's doing. */
async function requireCount(log: LogCollections, claims: number): Promise<void> {
  const { stored } = await countClaims(log);
  if (stored === claims) return;
  throw new ClaimsRebuildDisturbed(`there should be ${claims} now, and there are ${stored}`);
}
