import { CLAIMS_SENTINEL_ID } from '../../database/collections.js';
import type { LogCollections } from '../../event-log/log-collections.js';
import type { FamilyKeys } from '../../privacy/family-keys.js';
import { claimDifferences, type ClaimDifference } from './claim-differences.js';
import { ExpectedClaims, type ContestedClaim, type OnProgress } from './expected-claims.js';

/** Addresses held in memory at once: some 250 bytes each. */
const CLAIMS_PER_SHARE = 250_000;
/** Differences shown; all of them are counted. */
const MAX_SAMPLES = 10;

/** What `claims verify` found. Addresses are personal and not in it: families and positions are. */
export interface ClaimsReport {
  ok: boolean;
  /** Position of the log up to which was compared. */
  position: number;
  expected: number;
  stored: number;
  /** The sentinel's count; null where it is missing, and every claim-making command is refused. */
  sentinel: number | null;
  missing: number;
  extra: number;
  different: number;
  contested: readonly ContestedClaim[];
  unreadable: readonly number[];
  samples: readonly Omit<ClaimDifference, 'email'>[];
}

/** Into how many shares the addresses are divided so that each fits into memory. */
export async function sharesFor({ claims, events }: LogCollections): Promise<number> {
  const [held, written] = await Promise.all([
    claims.estimatedDocumentCount(),
    events.estimatedDocumentCount(),
  ]);
  return Math.max(1, Math.ceil(Math.max(held, written / 2) / CLAIMS_PER_SHARE));
}

/**
 * Compares every claim with the log and changes nothing; it needs no right to write.
 * @throws LogDamaged, SealBroken, KeyDoesNotUnwrap
 */
export async function verifyClaims(
  log: LogCollections,
  keys: FamilyKeys,
  onProgress?: OnProgress,
): Promise<ClaimsReport> {
  const parts = await sharesFor(log);
  const differences: ClaimDifference[] = [];
  const contested: ContestedClaim[] = [];
  let unreadable: readonly number[] = [];
  let expectedCount = 0;
  let position = 0;
  for (let part = 0; part < parts; part += 1) {
    const expected = new ExpectedClaims(log, keys, { part, parts });
    await expected.advance((done, total) => onProgress?.(part * total + done, parts * total));
    differences.push(...(await claimDifferences(log, expected)));
    contested.push(...expected.contested);
    ({ unreadable, position } = expected);
    expectedCount += expected.claims.size;
  }
  const { sentinel, stored } = await countClaims(log);
  return {
    ok: sentinel === stored && [differences, contested, unreadable].every(({ length }) => length === 0),
    position,
    expected: expectedCount,
    stored,
    sentinel,
    missing: differences.filter(({ found }) => found === null).length,
    extra: differences.filter(({ expected }) => expected === null).length,
    different: differences.filter(({ expected, found }) => expected !== null && found !== null).length,
    contested,
    unreadable,
    samples: differences.slice(0, MAX_SAMPLES).map(({ expected, found }) => ({ expected, found })),
  };
}

/** The claims that are there and the number the sentinel gives, at one moment. */
export async function countClaims({
  client,
  claims,
}: LogCollections): Promise<{ sentinel: number | null; stored: number }> {
  const session = client.startSession({ snapshot: true });
  try {
    const sentinel = await claims.findOne({ _id: CLAIMS_SENTINEL_ID }, { session });
    const stored = await claims.countDocuments({ family: { $exists: true } }, { session });
    return { sentinel: sentinel?.count === undefined ? null : Number(sentinel.count), stored };
  } finally {
    await session.endSession();
  }
}
