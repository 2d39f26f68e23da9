import mongoose, { type mongo } from 'mongoose';
import { inTransaction } from '../../database/transaction.js';
import { toStored, type FoldedDocument, type StoredDocument } from '../documents.js';
import type { ProjectionEngine } from '../engine.js';
import type { Generation, Slot } from '../generations/status.js';
import type { Projection } from '../projection.js';
import { requireLive } from '../read/live-slot.js';
import { whyNotStored } from '../runner/not-storable.js';
import type { QuarantinedStream } from './quarantine.js';
import { refold, type Refolded } from './refold.js';

const { Long } = mongoose.mongo;
const DEADLINE_MS = 10_000;

/** A stream that stays parked, and why. */
export interface RetryFailure {
  stream: string;
  error: string;
}

/** The generation whose parked streams were tried is not the live one any more. */
export class GenerationSwitched extends Error {
  constructor(projection: string) {
    super(`Another generation of ${projection} has become live meanwhile; its quarantine is its own`);
    this.name = 'GenerationSwitched';
  }
}

/**
 * Tries parked streams of one generation again, all in one transaction. Returns those that stay parked.
 * @throws GenerationSwitched, ProjectionNotBuilt, NotStorable, PageTooLarge
 */
export async function retryTogether(
  engine: ProjectionEngine,
  projection: Projection,
  entries: readonly QuarantinedStream[],
): Promise<RetryFailure[]> {
  return inTransaction(engine.client, DEADLINE_MS, async (session) => {
    const { slot, generation } = await takeOver(engine, projection, entries, session);
    // Without those that somebody else was faster with.
    const parked = await engine.quarantine
      .find({ _id: { $in: entries.map(({ _id }) => _id) } }, { session })
      .toArray();
    const refolded = await refold(engine, projection, parked, Number(generation.checkpoint));
    for (const { documents } of refolded) {
      await putDocuments(engine.slot(projection.name, slot), documents, session);
    }
    await count(engine, projection.name, slot, refolded, session);
    await changeEntries(engine, refolded, session);
    return refolded.flatMap(({ entry: { stream }, parked: still }) =>
      still === null ? [] : [{ stream, error: still.error }],
    );
  });
}

/** Fences whoever follows the log for this projection: it has to learn anew which streams are parked. */
async function takeOver(
  { statuses }: ProjectionEngine,
  projection: Projection,
  entries: readonly QuarantinedStream[],
  session: mongo.ClientSession,
): Promise<{ slot: Slot; generation: Generation }> {
  const status = await statuses.findOneAndUpdate(
    { _id: projection.name },
    { $inc: { 'lease.epoch': 1 }, $set: { 'lease.until': new Date(0) } },
    { session, returnDocument: 'after' },
  );
  const live = requireLive(projection, status);
  if (entries.some(({ generation }) => generation !== live.generation.generation)) {
    throw new GenerationSwitched(projection.name);
  }
  return live;
}

/**
 * Puts documents into a slot, whatever lies there: that is looked at first, since upserts are forbidden in transactions
 * (CVE-2025-10060).
 * @throws NotStorable
 */
async function putDocuments(
  slot: mongo.Collection<StoredDocument>,
  documents: ReadonlyMap<string, FoldedDocument | null>,
  session: mongo.ClientSession,
): Promise<void> {
  const found = await slot
    .find({ _id: { $in: [...documents.keys()] } }, { projection: { _id: 1 }, session })
    .toArray();
  const present = new Set(found.map(({ _id }) => _id));
  const writes = [...documents].flatMap(([id, after]): mongo.AnyBulkWriteOperation<StoredDocument>[] => {
    const filter = { _id: id };
    if (after === null) return present.has(id) ? [{ deleteOne: { filter } }] : [];
    const document = toStored(id, after);
    return [
      present.has(id) ? { replaceOne: { filter, replacement: document } } : { insertOne: { document } },
    ];
  });
  if (writes.length === 0) return;
  await slot.bulkWrite(writes, { session }).catch((error: unknown) => {
    throw whyNotStored(slot.collectionName, error);
  });
}

async function count(
  { statuses }: ProjectionEngine,
  projection: string,
  slot: Slot,
  refolded: readonly Refolded[],
  session: mongo.ClientSession,
): Promise<void> {
  const more = refolded.reduce((sum, { documentsDelta }) => sum + documentsDelta, 0);
  const by = { [`slots.${slot}.documents`]: Long.fromNumber(more) };
  await statuses.updateOne({ _id: projection }, { $inc: by }, { session });
}

async function changeEntries(
  { quarantine }: ProjectionEngine,
  refolded: readonly Refolded[],
  session: mongo.ClientSession,
): Promise<void> {
  if (refolded.length === 0) return;
  const now = new Date();
  await quarantine.bulkWrite(
    refolded.map(({ entry: { _id, position, since }, parked }) => {
      const filter = { _id };
      if (parked === null) return { deleteOne: { filter } };
      const { type, error } = parked;
      const hasMoved = parked.position !== Number(position);
      return {
        updateOne: {
          filter,
          update: {
            $set: {
              position: Long.fromNumber(parked.position),
              type,
              error,
              since: hasMoved ? now : since,
            },
          },
        },
      };
    }),
    { session },
  );
}
