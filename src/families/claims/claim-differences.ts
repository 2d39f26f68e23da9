import mongoose from 'mongoose';
import type { Claim } from '../../event-log/event-log.js';
import type { ClaimDocument, LogCollections } from '../../event-log/log-collections.js';
import { familyStream } from '../family-stream.js';
import type { ExpectedClaims, OnProgress } from './expected-claims.js';

const { Long } = mongoose.mongo;

/** How often a difference is looked at again while families register, before it is believed. */
const MAX_CATCH_UPS = 20;
/** Claims compared at once: a query names no more addresses, so that it stays far below 16 MB. */
const PAGE = 1_000;

/** One address that is not as the log says. `expected` null: it should not be there; `found` null: it is not. */
export interface ClaimDifference {
  email: string;
  expected: Claim | null;
  found: Claim | null;
}

/**
 * Compares what is stored with what the log says, while the service goes on: a difference counts only if it
 * is still one after the log was followed to its present end. A stored claim whose event cannot be read is no
 * difference: it is handed to `expected`, to be kept. `onPage` is called again and again meanwhile.
 */
export async function claimDifferences(
  log: LogCollections,
  expected: ExpectedClaims,
  onPage: OnProgress = () => undefined,
): Promise<ClaimDifference[]> {
  let suspects = await compareAll(log, expected, onPage);
  for (let round = 0; round < MAX_CATCH_UPS && suspects.length > 0; round += 1) {
    const emails = suspects.map(({ email }) => email);
    const moved = await expected.advance(onPage);
    if (!moved && round > 0) break;
    suspects = await compareSome(log, expected, emails, onPage);
  }
  return suspects;
}

interface StoredClaim {
  email: string;
  found: Claim;
}

async function compareAll(
  log: LogCollections,
  expected: ExpectedClaims,
  onPage: OnProgress,
): Promise<ClaimDifference[]> {
  const differences: ClaimDifference[] = [];
  const missing = new Map(expected.claims);
  for await (const page of storedClaims(log)) {
    await onPage(expected.position, expected.position);
    const mine = page.filter(({ email }) => expected.holds(email));
    for (const { email } of mine) missing.delete(email);
    for (const difference of await comparePage(log, expected, mine)) differences.push(difference);
  }
  for (const [email, claim] of missing) differences.push({ email, expected: claim, found: null });
  return differences;
}

async function compareSome(
  log: LogCollections,
  expected: ExpectedClaims,
  emails: readonly string[],
  onPage: OnProgress,
): Promise<ClaimDifference[]> {
  const differences: ClaimDifference[] = [];
  for (let from = 0; from < emails.length; from += PAGE) {
    await onPage(expected.position, expected.position);
    const some = emails.slice(from, from + PAGE);
    const documents = await log.claims.find({ _id: { $in: some } }).toArray();
    const there = documents.map(toStoredClaim);
    for (const difference of await comparePage(log, expected, there)) differences.push(difference);
    const found = new Set(there.map(({ email }) => email));
    for (const email of some) {
      const wanted = expected.claims.get(email);
      if (wanted !== undefined && !found.has(email)) {
        differences.push({ email, expected: wanted, found: null });
      }
    }
  }
  return differences;
}

async function comparePage(
  log: LogCollections,
  expected: ExpectedClaims,
  page: readonly StoredClaim[],
): Promise<ClaimDifference[]> {
  const wrong = page
    .map(({ email, found }) => ({ email, expected: expected.claims.get(email) ?? null, found }))
    .filter(({ expected: wanted, found }) => !isSame(wanted, found));
  const unreadable = wrong.filter(({ found }) => expected.unreadable.has(found.position));
  const kept = await madeByTheirEvents(log, unreadable);
  for (const { email, found } of kept) expected.keep(email, found);
  return kept.size === 0 ? wrong : wrong.filter((difference) => !kept.has(difference));
}

/** Those whose event is one of their own family: the stream's name can be read without the key. */
async function madeByTheirEvents<T extends StoredClaim>(
  { events }: LogCollections,
  claims: readonly T[],
): Promise<Set<T>> {
  if (claims.length === 0) return new Set();
  const positions = claims.map(({ found }) => Long.fromNumber(found.position));
  const streams = new Map<number, string>();
  for await (const { _id, stream } of events.find(
    { _id: { $in: positions } },
    { projection: { stream: 1 } },
  )) {
    streams.set(Number(_id), stream);
  }
  return new Set(claims.filter(({ found }) => streams.get(found.position) === familyStream(found.family)));
}

async function* storedClaims({ claims }: LogCollections): AsyncGenerator<StoredClaim[]> {
  let page: StoredClaim[] = [];
  for await (const document of claims.find({ family: { $exists: true } })) {
    page.push(toStoredClaim(document));
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  yield page;
}

function toStoredClaim({ _id, family = '', member = '', position }: ClaimDocument): StoredClaim {
  return { email: _id, found: { family, member, position: Number(position) } };
}

function isSame(a: Claim | null, b: Claim): boolean {
  return a !== null && a.family === b.family && a.member === b.member && a.position === b.position;
}
