import type { mongo } from 'mongoose';
import type { RecordedEvent } from '../../event-log/event.js';
import { readStream } from '../../event-log/read/read-stream.js';
import { fromStored, type FoldedDocument, type StoredDocument } from '../documents.js';
import type { ProjectionEngine } from '../engine.js';
import { Undecodable, type Decoded } from '../event-decoder.js';
import { foldEvent, foldStream, isAbout, NeedsNewerCode, parkedBy, requireDecoded } from '../fold-stream.js';
import type { Slot } from '../generations/status.js';
import { DocumentMissing, type Projection } from '../projection.js';
import type { ParkedStream } from '../quarantine/quarantine.js';
import { EventTally } from '../rebuild/accounted-events.js';

/** The generation that a batch is folded into. */
export interface FoldTarget {
  projection: Projection;
  slot: Slot;
  checkpoint: number;
  quarantined: ReadonlySet<string>;
}

/** One document before and after a batch. */
export interface DocumentChange {
  id: string;
  /** As it lies in the slot. */
  stored: FoldedDocument | null;
  after: FoldedDocument | null;
}

/** What a batch makes of a generation. */
export interface FoldedBatch {
  /** The generation's checkpoint afterwards. */
  checkpoint: number;
  changes: DocumentChange[];
  /** By how many documents the log says that there are more. */
  documentsDelta: number;
  parked: ParkedStream[];
  /** The relevant events of the batch. */
  accounted: EventTally;
  /** The event at which the projection has to stop, if there is one. */
  stopped: NeedsNewerCode | null;
}

/** Which of a page's events this projection takes, up to one that only newer code can read. */
function takeRelevant(
  { decoder }: ProjectionEngine,
  projection: Projection,
  page: readonly RecordedEvent[],
  decoded: ReadonlyMap<number, Decoded>,
): { events: { recorded: RecordedEvent; decoded: Decoded }[]; stopped: NeedsNewerCode | null } {
  const events: { recorded: RecordedEvent; decoded: Decoded }[] = [];
  for (const recorded of page) {
    const { position, type, schema } = recorded;
    if (projection.needsEveryType === true && !decoder.knows(type)) {
      return { events, stopped: new NeedsNewerCode(position, type, schema) };
    }
    if (!isAbout(projection, type)) continue;
    const event = decoded.get(position);
    if (event === undefined) throw new RangeError(`Position ${position} was not decoded`);
    if (event instanceof Undecodable && event.needsNewerCode) {
      return { events, stopped: new NeedsNewerCode(position, type, schema) };
    }
    events.push({ recorded, decoded: event });
  }
  return { events, stopped: null };
}

/**
 * Folds a page of the log, which follows on the target's checkpoint without a gap, into its documents, in
 * memory. An event that a handler cannot take parks its stream; the rest goes on. A document that should be
 * there and is not (somebody deleted it) is folded again from its stream.
 */
export async function foldBatch(
  engine: ProjectionEngine,
  target: FoldTarget,
  page: readonly RecordedEvent[],
  decoded: ReadonlyMap<number, Decoded>,
): Promise<FoldedBatch> {
  const { projection } = target;
  const { events, stopped } = takeRelevant(engine, projection, page, decoded);
  const checkpoint = stopped === null ? (page.at(-1)?.position ?? target.checkpoint) : stopped.position - 1;
  const accounted = EventTally.empty();
  for (const { recorded } of events) accounted.add(recorded.hash);

  const followed = events.filter(({ recorded }) => !target.quarantined.has(recorded.stream));
  const slot = engine.slot(projection.name, target.slot);
  const stored = await load(slot, keysOf(projection, followed));
  const documents = new Map(stored);
  const parked = new Map<string, ParkedStream>();
  const incomplete = new Set<string>();
  for (const { recorded, decoded: event } of followed) {
    if (parked.has(recorded.stream) || incomplete.has(recorded.stream)) continue;
    try {
      foldEvent(projection, documents, requireDecoded(event));
    } catch (error) {
      if (error instanceof DocumentMissing && projection.fedBy === 'one-stream') {
        incomplete.add(recorded.stream);
      } else parked.set(recorded.stream, parkedBy(event, error));
    }
  }
  let documentsDelta = 0;
  const changes: DocumentChange[] = [];
  for (const stream of incomplete) {
    const again = await foldAgain(engine, projection, stream, target.checkpoint, checkpoint);
    if (again.parked !== null) parked.set(stream, again.parked);
    documentsDelta += again.documentsDelta;
    const lying = await load(slot, [...again.documents.keys()]);
    for (const [id, after] of again.documents) {
      changes.push({ id, stored: lying.get(id) ?? null, after });
      documents.delete(id);
    }
  }
  for (const [id, after] of documents) {
    const before = stored.get(id) ?? null;
    if (before === after) continue;
    documentsDelta += Number(after !== null) - Number(before !== null);
    changes.push({ id, stored: before, after });
  }
  return { checkpoint, changes, documentsDelta, parked: [...parked.values()], accounted, stopped };
}

function keysOf(projection: Projection, events: readonly { decoded: Decoded }[]): string[] {
  const keys = new Set<string>();
  for (const { decoded } of events) {
    if (decoded instanceof Undecodable) continue;
    try {
      keys.add(projection.key(decoded));
    } catch {
      // The fold meets the same error and parks the stream for it.
    }
  }
  return [...keys];
}

async function load(
  slot: mongo.Collection<StoredDocument>,
  ids: readonly string[],
): Promise<Map<string, FoldedDocument | null>> {
  const documents = new Map<string, FoldedDocument | null>(ids.map((id) => [id, null]));
  if (ids.length === 0) return documents;
  for await (const document of slot.find({ _id: { $in: [...ids] } })) {
    documents.set(document._id, fromStored(document));
  }
  return documents;
}

/** All documents of one stream, from its beginning to `upTo`, and by how many they grew since `checkpoint`. */
async function foldAgain(
  { log, decoder }: ProjectionEngine,
  projection: Projection,
  stream: string,
  checkpoint: number,
  upTo: number,
): Promise<ReturnType<typeof foldStream> & { documentsDelta: number }> {
  const events = (await readStream(log, stream)).filter(
    ({ position, type }) => position <= upTo && isAbout(projection, type),
  );
  const decoded = await decoder.decode(events);
  const before = foldStream(
    projection,
    decoded.filter((_, index) => (events[index]?.position ?? 0) <= checkpoint),
  );
  const after = foldStream(projection, decoded);
  return { ...after, documentsDelta: count(after.documents) - count(before.documents) };
}

function count(documents: ReadonlyMap<string, FoldedDocument | null>): number {
  return [...documents.values()].filter((document) => document !== null).length;
}
