import mongoose, { type mongo } from 'mongoose';
import { inTransaction } from '../../database/transaction.js';
import { toStored, type StoredDocument } from '../documents.js';
import type { ProjectionEngine } from '../engine.js';
import { quarantineEntry } from '../quarantine/quarantine.js';
import { EventTally } from '../generations/event-tally.js';
import type { DocumentChange, FoldedBatch } from './fold-batch.js';
import { DocumentsMoved, whyNotCommitted, whyNotStored } from './not-storable.js';
import type { OpenGeneration } from './open-generation.js';

const { Long } = mongoose.mongo;

/**
 * How long one batch may try to be stored, in milliseconds: longer than the embedded server leaves the transaction of
 * a process that was killed open (5 s, and a moment until it looks), which keeps the status to itself.
 */
const DEADLINE_MS = 10_000;

/** Somebody else has one of these projections now, or its live generation was switched: read the status again. */
export class Fenced extends Error {
  constructor(projections: readonly string[]) {
    super(`Another process has taken over the projection ${projections.join(' or ')}`);
    this.name = 'Fenced';
  }
}

/** A folded batch and the generation that it is for. */
export interface BatchToApply {
  target: OpenGeneration;
  folded: FoldedBatch;
}

/**
 * Stores batches, each with its generation's checkpoint, in one transaction: a batch is in a generation whole
 * and once, or not at all, and whoever lost the right to write changes nothing. The targets stand at their new
 * checkpoints afterwards.
 * @throws Fenced, NotStorable, DocumentsMoved
 */
export async function applyBatches(
  engine: ProjectionEngine,
  batches: readonly BatchToApply[],
): Promise<void> {
  await inTransaction(engine.client, DEADLINE_MS, async (session) => {
    await moveCheckpoints(engine, batches, session);
    for (const { target, folded } of batches) {
      await park(engine, target, folded.parked, session);
      await writeDocuments(engine.slot(target.projection.name, target.slot), folded.changes, session);
    }
  }).catch((error: unknown) => {
    throw whyNotCommitted(batches.map(({ target }) => target.projection.name).join(', '), error);
  });
  for (const { target, folded } of batches) {
    target.checkpoint = folded.checkpoint;
    target.documents += folded.documentsDelta;
    target.tally.merge(folded.accounted);
    if (folded.parked.length > 0) target.hasParked = true;
  }
}

/** All in one message to the database: they are moved many times a second. */
async function moveCheckpoints(
  engine: ProjectionEngine,
  batches: readonly BatchToApply[],
  session: mongo.ClientSession,
): Promise<void> {
  const moved = await engine.statuses.bulkWrite(
    batches.map(({ target, folded }) => ({
      updateOne: {
        filter: { _id: target.projection.name, ...target.fence() },
        update: {
          $set: {
            [`slots.${target.slot}.checkpoint`]: Long.fromNumber(folded.checkpoint),
            [`slots.${target.slot}.documents`]: Long.fromNumber(target.documents + folded.documentsDelta),
            [`slots.${target.slot}.accounted`]: afterwards(target, folded).stored(),
          },
        },
      },
    })),
    { session },
  );
  if (moved.matchedCount < batches.length) {
    throw new Fenced(batches.map(({ target }) => target.projection.name));
  }
}

/** Which events the generation has taken into account once this batch is stored. */
function afterwards({ tally }: OpenGeneration, { accounted }: FoldedBatch): EventTally {
  const sum = EventTally.of(tally.stored());
  sum.merge(accounted);
  return sum;
}

async function park(
  engine: ProjectionEngine,
  { projection, generation }: OpenGeneration,
  parked: FoldedBatch['parked'],
  session: mongo.ClientSession,
): Promise<void> {
  if (parked.length === 0) return;
  const since = new Date();
  const entries = parked.map((one) => quarantineEntry(projection.name, generation, one, since));
  await engine.quarantine.insertMany(entries, { session });
}

async function writeDocuments(
  documents: mongo.Collection<StoredDocument>,
  changes: readonly DocumentChange[],
  session: mongo.ClientSession,
): Promise<void> {
  const writes = changes.flatMap(toWrite);
  if (writes.length === 0) return;
  const done = await documents.bulkWrite(writes, { session, ordered: false }).catch((error: unknown) => {
    throw whyNotStored(documents.collectionName, error);
  });
  if (done.insertedCount + done.matchedCount + done.deletedCount === writes.length) return;
  throw new DocumentsMoved(documents.collectionName);
}

function toWrite({ id, stored, after }: DocumentChange): mongo.AnyBulkWriteOperation<StoredDocument>[] {
  // One that somebody else has written has no position to be known by.
  const isOurs = stored !== null && !Number.isNaN(stored.position);
  const filter = { _id: id, ...(isOurs ? { position: Long.fromNumber(stored.position) } : {}) };
  if (after === null) return stored === null ? [] : [{ deleteOne: { filter } }];
  const document = toStored(id, after);
  return stored === null
    ? [{ insertOne: { document } }]
    : [{ replaceOne: { filter, replacement: document } }];
}
