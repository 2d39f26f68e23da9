import mongoose, { type mongo } from 'mongoose';
import { inTransaction } from '../../database/transaction.js';
import { readStream } from '../../event-log/read/read-stream.js';
import { toStored, type FoldedDocument, type StoredDocument } from '../documents.js';
import type { ProjectionEngine } from '../engine.js';
import { countDocuments, foldStream, isAbout } from '../fold-stream.js';
import type { Projection } from '../projection.js';
import { requireLive } from '../read/live-slot.js';
import { quarantineEntry, type ParkedStream } from './quarantine.js';

const DEADLINE_MS = 10_000;

/** What became of one parked stream. */
export type RetryOutcome =
  { stream: string; driven: true } | { stream: string; driven: false; error: string };

/** Documents that gather from many streams cannot be mended one stream at a time. */
export class RetryNeedsRebuild extends Error {
  constructor(readonly projection: string) {
    super(
      `Documents of ${projection} gather from many streams: its quarantine is emptied by a rebuild of all of it`,
    );
    this.name = 'RetryNeedsRebuild';
  }
}

/**
 * Tries again the streams that the live generation of a projection has parked, or one of them, after a fix:
 * each is folded again from its beginning to where the generation stands, in one transaction, and followed again
 * from there. One that fails again stays parked, with its new error: from where it fails now, unless that is before
 * the event that it was parked for. Then its documents stay as they are.
 * @throws RetryNeedsRebuild; ProjectionNotBuilt also where another version of the projection has built what is live:
 * documents of two versions do not belong into one slot
 */
export async function retryQuarantine(
  engine: ProjectionEngine,
  projection: Projection,
  stream?: string,
): Promise<RetryOutcome[]> {
  const live = requireLive(projection, await engine.statuses.findOne({ _id: projection.name }));
  const { generation } = live.generation;
  const parked = await engine.quarantine
    .find({ projection: projection.name, generation, ...(stream === undefined ? {} : { stream }) })
    .toArray();
  if (parked.length > 0 && projection.fedBy === 'many-streams') {
    throw new RetryNeedsRebuild(projection.name);
  }
  const outcomes: RetryOutcome[] = [];
  for (const { stream: one } of parked) outcomes.push(await retryStream(engine, projection, one));
  return outcomes;
}

async function retryStream(
  engine: ProjectionEngine,
  projection: Projection,
  stream: string,
): Promise<RetryOutcome> {
  const failed = await inTransaction(engine.client, DEADLINE_MS, async (session) => {
    // Whoever follows the log for this projection is fenced, and learns anew which streams are parked.
    const status = await engine.statuses.findOneAndUpdate(
      { _id: projection.name },
      { $inc: { 'lease.epoch': 1 }, $set: { 'lease.until': new Date(0) } },
      { session, returnDocument: 'after' },
    );
    const live = requireLive(projection, status);
    const { generation, checkpoint, documents: counted } = live.generation;
    const events = (await readStream(engine.log, stream)).filter(
      ({ position, type }) => position <= Number(checkpoint) && isAbout(projection, type),
    );
    const decoded = await engine.decoder.decode(events);
    const { documents, parked } = foldStream(projection, decoded);
    const entry = await engine.quarantine.findOne(
      { projection: projection.name, generation, stream },
      { session },
    );
    // Somebody else was faster.
    if (entry === null) return null;
    const parkedAt = Number(entry.position);
    if (parked !== null && parked.position < parkedAt) {
      // What was taken once can be taken no more: its documents tell more than this retry could.
      await engine.quarantine.updateOne({ _id: entry._id }, { $set: { error: parked.error } }, { session });
      return parked;
    }
    // What it was counted with so far: by the log, not by what lies in the slot, where somebody may have deleted.
    const before = foldStream(
      projection,
      decoded.filter((_, index) => (events[index]?.position ?? 0) < parkedAt),
    );
    const delta = countDocuments({ documents }) - countDocuments(before);
    await putDocuments(engine.slot(projection.name, live.slot), documents, session);
    await engine.statuses.updateOne(
      { _id: projection.name },
      {
        $set: {
          [`slots.${live.slot}.documents`]: mongoose.mongo.Long.fromNumber(Number(counted) + delta),
        },
      },
      { session },
    );
    await replaceEntry(engine, projection.name, generation, stream, parked, session);
    return parked;
  });
  return failed === null ? { stream, driven: true } : { stream, driven: false, error: failed.error };
}

/**
 * Puts documents into a slot, whatever lies there: that is looked at first, since upserts are forbidden in transactions
 * (CVE-2025-10060).
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
  if (writes.length > 0) await slot.bulkWrite(writes, { session });
}

async function replaceEntry(
  { quarantine }: ProjectionEngine,
  projection: string,
  generation: number,
  stream: string,
  parked: ParkedStream | null,
  session: mongo.ClientSession,
): Promise<void> {
  await quarantine.deleteOne({ projection, generation, stream }, { session });
  if (parked === null) return;
  await quarantine.insertOne(quarantineEntry(projection, generation, parked, new Date()), { session });
}
