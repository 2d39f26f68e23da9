import type { AlongsideCollection } from './append-request.js';
import type { PendingAppend } from './batch.js';
import { ClaimsMissing, ClaimTaken, RecordExists, VersionConflict, type EventLogError } from '../errors.js';
import { NO_STREAM } from '../event.js';
import { currentVersions } from './known-versions.js';
import { CLAIMS_SENTINEL, type LogCollections } from '../log-collections.js';

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
  const wanted = new Map<string, PendingAppend>();
  const claiming = new Set<PendingAppend>();
  for (const pending of batch) {
    for (const { kind, value } of pending.request.events.flatMap((event) => event.claims ?? [])) {
      claiming.add(pending);
      if (kind === 'make') wanted.set(value, pending);
      // A value given back by this very append may be taken again by it.
      else wanted.delete(value);
    }
  }
  if (claiming.size === 0) return [];
  const refusals: Refusals = [];
  let sentinel = false;
  const found = collections.claims.find({ _id: { $in: [CLAIMS_SENTINEL, ...wanted.keys()] } });
  for await (const { _id, family, member } of found) {
    const pending = wanted.get(_id);
    if (_id === CLAIMS_SENTINEL) sentinel = true;
    else if (pending !== undefined && family !== undefined && member !== undefined) {
      refusals.push([pending, new ClaimTaken(pending.request.stream, { family, member })]);
    }
  }
  return sentinel ? refusals : [...claiming].map((pending) => [pending, new ClaimsMissing()]);
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
