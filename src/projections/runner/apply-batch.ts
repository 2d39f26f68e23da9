import mongoose, { type mongo } from 'mongoose';
import { inTransaction } from '../../database/transaction.js';
import { toStored, type StoredDocument } from '../documents.js';
import type { ProjectionEngine } from '../engine.js';
import type { ProjectionStatus } from '../generations/status.js';
import { quarantineEntry } from '../quarantine/quarantine.js';
import { EventTally } from '../rebuild/accounted-events.js';
import type { DocumentChange, FoldedBatch } from './fold-batch.js';
import type { OpenGeneration } from './open-generation.js';

const { Long } = mongoose.mongo;

/** How long one batch may try to be stored, in milliseconds. */
const DEADLINE_MS = 5_000;

/** Somebody else has this projection now, or its live generation was switched: read the status again. */
export class Fenced extends Error {
  constructor(readonly projection: string) {
    super(`Another process has taken over the projection ${projection}`);
    this.name = 'Fenced';
  }
}

/** Documents changed between reading and writing them: fold the batch again on what is there now. */
export class DocumentsMoved extends Error {
  constructor(collection: string) {
    super(`Documents of ${collection} were changed by somebody else`);
    this.name = 'DocumentsMoved';
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
 * @throws Fenced, DocumentsMoved
 */
export async function applyBatches(
  engine: ProjectionEngine,
  batches: readonly BatchToApply[],
  alsoSet: mongo.UpdateFilter<ProjectionStatus> = {},
): Promise<void> {
  await inTransaction(engine.client, DEADLINE_MS, async (session) => {
    for (const batch of batches) await applyBatch(engine, batch, session, alsoSet);
  });
  for (const { target, folded } of batches) {
    target.checkpoint = folded.checkpoint;
    target.documents += folded.documentsDelta;
    target.tally.merge(folded.accounted);
    for (const { stream } of folded.parked) target.quarantined.add(stream);
  }
}

async function applyBatch(
  engine: ProjectionEngine,
  { target, folded }: BatchToApply,
  session: mongo.ClientSession,
  alsoSet: mongo.UpdateFilter<ProjectionStatus>,
): Promise<void> {
  const { projection, slot } = target;
  const tally = EventTally.of(target.tally.stored());
  tally.merge(folded.accounted);
  const moved = await engine.statuses.updateOne(
    { _id: projection.name, ...target.fence() },
    {
      ...alsoSet,
      $set: {
        ...alsoSet.$set,
        [`slots.${slot}.checkpoint`]: Long.fromNumber(folded.checkpoint),
        [`slots.${slot}.documents`]: Long.fromNumber(target.documents + folded.documentsDelta),
        [`slots.${slot}.accounted`]: tally.stored(),
      },
    },
    { session },
  );
  if (moved.matchedCount === 0) throw new Fenced(projection.name);
  if (folded.parked.length > 0) {
    const since = new Date();
    const entries = folded.parked.map((parked) =>
      quarantineEntry(projection.name, target.generation, parked, since),
    );
    await engine.quarantine.insertMany(entries, { session });
  }
  await writeDocuments(engine.slot(projection.name, slot), folded.changes, session);
}

async function writeDocuments(
  documents: mongo.Collection<StoredDocument>,
  changes: readonly DocumentChange[],
  session: mongo.ClientSession,
): Promise<void> {
  const writes = changes.flatMap(toWrite);
  if (writes.length === 0) return;
  try {
    const done = await documents.bulkWrite(writes, { session, ordered: false });
    if (done.insertedCount + done.matchedCount + done.deletedCount === writes.length) return;
  } catch (error) {
    const isDuplicate = error instanceof mongoose.mongo.MongoServerError && error.code === 11_000;
    if (!isDuplicate) throw error;
  }
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
