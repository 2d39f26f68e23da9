import { CLAIMS_SENTINEL_ID } from '../../database/collections.js';
import type { LogCollections } from '../../event-log/log-collections.js';
import type { FamilyKeys } from '../../privacy/family-keys.js';
import { claimDifferences, type ClaimDifference } from './claim-differences.js';
import { DifferenceTally } from './difference-tally.js';
import { ExpectedClaims, type ContestedClaim, type OnProgress } from './expected-claims.js';
import { UnreadableClaims, type UnreadableReport } from './unreadable-claims.js';

/** Addresses held in memory at once: some 250 bytes each. */
const CLAIMS_PER_SHARE = 250_000;

/** What `claims verify` found. Addresses are personal and not in it: families and positions are. */
export interface ClaimsReport {
  ok: boolean;
  /** Position of the log up to which was compared. */
  position: number;
  /** Claims there should be, as far as events can be read, and those kept where they cannot. */
  expected: number;
  stored: number;
  /** The sentinel's count; null where it is missing, and every claim-making command is refused. */
  sentinel: number | null;
  /** Since when the sentinel is closed, with the same effect; null where it is open. */
  closedSince: Date | null;
  missing: number;
  extra: number;
  different: number;
  contested: readonly ContestedClaim[];
  unreadable: UnreadableReport;
  samples: readonly Omit<ClaimDifference, 'email'>[];
}

/** How claims are compared. */
export interface CompareOptions {
  onProgress?: OnProgress;
  /** How many addresses are held in memory at once; the log is read once for as many. */
  claimsPerShare?: number;
}

/** Into how many shares the addresses are divided so that each fits into memory. */
export async function sharesFor(
  { claims, events }: LogCollections,
  claimsPerShare = CLAIMS_PER_SHARE,
): Promise<number> {
  const [held, written] = await Promise.all([
    claims.estimatedDocumentCount(),
    events.estimatedDocumentCount(),
  ]);
  return Math.max(1, Math.ceil(Math.max(held, written / 2) / claimsPerShare));
}

/**
 * Compares every claim with the log and changes nothing; it needs no right to write.
 * @throws LogDamaged, SealBroken, KeyDoesNotUnwrap
 */
export async function verifyClaims(
  log: LogCollections,
  keys: FamilyKeys,
  { onProgress, claimsPerShare }: CompareOptions = {},
): Promise<ClaimsReport> {
  const parts = await sharesFor(log, claimsPerShare);
  const tally = new DifferenceTally();
  const unreadable = new UnreadableClaims();
  let contested: readonly ContestedClaim[] = [];
  let readable = 0;
  let position = 0;
  for (let part = 0; part < parts; part += 1) {
    const expected = new ExpectedClaims(log, keys, unreadable, { part, parts });
    await expected.advance((done, total) => onProgress?.(part * total + done, parts * total));
    tally.add(await claimDifferences(log, expected));
    contested = contested.concat(expected.contested);
    ({ position } = expected);
    readable += expected.claims.size;
  }
  const { missing, extra, different, samples } = tally;
  const unread = unreadable.report();
  const counted = await countClaims(log);
  return {
    ok:
      counted.closedSince === null &&
      counted.sentinel === counted.stored &&
      [missing, extra, different, contested.length, unread.events].every((count) => count === 0),
    position,
    expected: readable + unread.kept,
    ...counted,
    missing,
    extra,
    different,
    contested,
    unreadable: unread,
    samples,
  };
}

/** The claims that are there, and what the sentinel says of them, at one moment. */
export async function countClaims({
  client,
  claims,
}: LogCollections): Promise<Pick<ClaimsReport, 'sentinel' | 'closedSince' | 'stored'>> {
  const session = client.startSession({ snapshot: true });
  try {
    const sentinel = await claims.findOne({ _id: CLAIMS_SENTINEL_ID }, { session });
    const stored = await claims.countDocuments({ family: { $exists: true } }, { session });
    return {
      stored,
      sentinel: sentinel?.count === undefined ? null : Number(sentinel.count),
      closedSince: sentinel?.closedSince ?? null,
    };
  } finally {
    await session.endSession();
  }
}
