import { CLAIMS_SENTINEL_ID } from '../../database/collections.js';
import type { AlongsideCollection } from './append-request.js';
import type { PendingAppend } from './batch.js';
import { ClaimsMissing, ClaimTaken, RecordExists, VersionConflict, type EventLogError } from '../errors.js';
import { NO_STREAM, type ClaimChange } from '../event.js';
import { currentVersions } from './known-versions.js';
import { isOpenSentinel, type ClaimDocument, type LogCollections } from '../log-collections.js';

/**
 * Tells which appends of a batch cannot be stored, by what is committed: one read per kind instead of one
 * aborted transaction per refusal. A record that exists is named before a claim, and a claim before a
 * version: a retried command is to be recognised as such, not as in conflict with itself.
 */
export async function findRefusals(
  collections: LogCollections,
  batch: readonly PendingAppend[],
): Promise<Map<PendingAppend, EventLogError>> {
  const refusals = new Map<PendingAppend, EventLogError>();
  for (const find of [existingRecords, takenClaims, conflictingVersions]) {
    const open = batch.filter((pending) => !refusals.has(pending));
    for (const [pending, error] of await find(collections, open)) refusals.set(pending, error);
  }
  return refusals;
}

type Refusals = [PendingAppend, EventLogError][];

async function existingRecords(
  collections: LogCollections,
  batch: readonly PendingAppend[],
): Promise<Refusals> {
  const refusals: Refusals = [];
  for (const name of ['idempotency_keys', 'family_keys'] satisfies AlongsideCollection[]) {
    const wanted = new Map<string, PendingAppend>();
    for (const pending of batch) {
      for (const { collection, document } of pending.request.alongside ?? []) {
        if (collection === name) wanted.set(document._id, pending);
      }
    }
    if (wanted.size === 0) continue;
    const found = collections
      .alongside(name)
      .find({ _id: { $in: [...wanted.keys()] } }, { projection: { _id: 1 } });
    for await (const { _id } of found) {
      const pending = wanted.get(_id);
      if (pending !== undefined) refusals.push([pending, new RecordExists(name, _id)]);
    }
  }
  return refusals;
}

async function takenClaims(collections: LogCollections, batch: readonly PendingAppend[]): Promise<Refusals> {
  const claiming = batch.filter(({ request }) => request.events.some(({ claims = [] }) => claims.length > 0));
  if (claiming.length === 0) return [];
  const wanted = claiming.map(wantedClaims);
  const found = await collections.claims
    .find({
      $or: [
        { _id: { $in: [CLAIMS_SENTINEL_ID, ...wanted.flatMap(({ values }) => [...values])] } },
        { family: { $in: wanted.flatMap(({ holders }) => holders.map(({ family }) => family)) } },
      ],
    })
    .toArray();
  if (!found.some(isOpenSentinel)) {
    return claiming.map((pending) => [pending, new ClaimsMissing()]);
  }
  return wanted.flatMap(({ pending, contradicts }): Refusals => {
    const claim = found.find(contradicts);
    if (claim?.family === undefined || claim.member === undefined) return [];
    const { family, member } = claim;
    return [[pending, new ClaimTaken(pending.request.stream, { family, member })]];
  });
}

/** What an append wants of the claims, and how to tell a claim that stands in its way. */
function wantedClaims(pending: PendingAppend): {
  pending: PendingAppend;
  values: Set<string>;
  holders: ClaimChange['holder'][];
  contradicts: (claim: ClaimDocument) => boolean;
} {
  const changes = pending.request.events.flatMap(({ claims = [] }) => claims);
  const made = changes.filter(({ kind }) => kind === 'make');
  const released = changes.filter(({ kind }) => kind === 'release');
  const isHeldBy = ({ family, member }: ClaimDocument, { holder }: ClaimChange): boolean =>
    family === holder.family && member === holder.member;
  return {
    pending,
    values: new Set(changes.map(({ value }) => value)),
    holders: made.map(({ holder }) => holder),
    contradicts: (claim) => {
      const givenBack = released.find(({ value }) => value === claim._id);
      // A value given back by this very append may be taken again by it.
      if (givenBack !== undefined) return !isHeldBy(claim, givenBack);
      // Either the value is taken, or its taker has one already.
      return made.some((change) => change.value === claim._id || isHeldBy(claim, change));
    },
  };
}

async function conflictingVersions(
  collections: LogCollections,
  batch: readonly PendingAppend[],
): Promise<Refusals> {
  const actual = await currentVersions(
    collections,
    batch.map(({ request }) => request.stream),
  );
  return batch.flatMap((pending): Refusals => {
    const { stream, expectedVersion } = pending.request;
    const version = actual.get(stream) ?? NO_STREAM;
    return version === expectedVersion
      ? []
      : [[pending, new VersionConflict(stream, expectedVersion, version)]];
  });
}
