import type { Claim } from '../../event-log/event-log.js';
import type { ClaimDocument, LogCollections } from '../../event-log/log-collections.js';
import type { ExpectedClaims } from './expected-claims.js';

/** How often a difference is looked at again while families register, before it is believed. */
const MAX_CATCH_UPS = 20;

/** One address that is not as the log says. `expected` null: it should not be there; `found` null: it is not. */
export interface ClaimDifference {
  email: string;
  expected: Claim | null;
  found: Claim | null;
}

/**
 * Compares what is stored with what the log says, while the service goes on: a difference counts only if it
 * is still one after the log was followed to its present end.
 */
export async function claimDifferences(
  log: LogCollections,
  expected: ExpectedClaims,
): Promise<ClaimDifference[]> {
  let suspects = await compareAll(log, expected);
  for (let round = 0; round < MAX_CATCH_UPS && suspects.length > 0; round += 1) {
    const emails = suspects.map(({ email }) => email);
    const moved = await expected.advance();
    if (!moved && round > 0) break;
    suspects = await compareSome(log, expected, emails);
  }
  return suspects;
}

async function compareAll({ claims }: LogCollections, expected: ExpectedClaims): Promise<ClaimDifference[]> {
  const differences: ClaimDifference[] = [];
  const missing = new Map(expected.claims);
  for await (const document of claims.find({ family: { $exists: true } })) {
    if (!expected.holds(document._id)) continue;
    const found = toClaim(document);
    const wanted = missing.get(document._id) ?? null;
    missing.delete(document._id);
    if (!isSame(wanted, found)) differences.push({ email: document._id, expected: wanted, found });
  }
  for (const [email, claim] of missing) differences.push({ email, expected: claim, found: null });
  return differences;
}

async function compareSome(
  { claims }: LogCollections,
  expected: ExpectedClaims,
  emails: readonly string[],
): Promise<ClaimDifference[]> {
  const found = new Map<string, Claim>();
  for await (const document of claims.find({ _id: { $in: [...emails] } })) {
    found.set(document._id, toClaim(document));
  }
  return emails
    .map((email) => ({
      email,
      expected: expected.claims.get(email) ?? null,
      found: found.get(email) ?? null,
    }))
    .filter((difference) => !isSame(difference.expected, difference.found));
}

function toClaim({ family = '', member = '', position }: ClaimDocument): Claim {
  return { family, member, position: Number(position) };
}

function isSame(a: Claim | null, b: Claim | null): boolean {
  if (a === null || b === null) return a === b;
  return a.family === b.family && a.member === b.member && a.position === b.position;
}
