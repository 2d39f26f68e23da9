import type { RecordedEvent } from '../../event-log/event.js';
import { readStream } from '../../event-log/read/read-stream.js';
import { storedSize, type FoldedDocument } from '../documents.js';
import type { ProjectionEngine } from '../engine.js';
import { Undecodable, type Decoded } from '../event-decoder.js';
import {
  countDocuments,
  foldEvent,
  foldStream,
  isAbout,
  NeedsNewerCode,
  parkedBy,
  requireDecoded,
} from '../fold-stream.js';
import type { ProjectedEvent, Projection } from '../projection.js';
import { parkedAmong, type ParkedStream } from '../quarantine/quarantine.js';
import { EventTally } from '../generations/event-tally.js';
import { loadDocuments, PageTooLarge } from './load-documents.js';
import type { NotStorable } from './not-storable.js';
import type { OpenGeneration } from './open-generation.js';

/** The generation that a batch is folded into. */
export type FoldTarget = Pick<
  OpenGeneration,
  'projection' | 'slot' | 'generation' | 'checkpoint' | 'hasParked'
>;

/** One document before and after a batch. */
export interface DocumentChange {
  id: string;
  /** As it lies in the slot; its position is NaN where somebody else has written it. */
  stored: FoldedDocument | null;
  after: FoldedDocument | null;
}

/** What a batch makes of a generation. */
export interface FoldedBatch {
  /** The generation's checkpoint afterwards. */
  checkpoint: number;
  changes: DocumentChange[];
  /** How large the changed documents are together, in bytes. */
  bytes: number;
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

/** How a batch is folded. */
export interface FoldOptions {
  /**
   * Also look for documents of streams that begin in this page. There are none: it is for where storing them has
   * failed because there were.
   */
  lookForAll?: boolean;
  /** How many bytes of documents may be read for it, and how many it may come to write. */
  maxBytes?: number;
}

/**
 * Folds a page of the log, which follows on the target's checkpoint without a gap, into its documents, in
 * memory. A document that its stream cannot have left so (it is missing, or its position is lost) is folded again from
 * its stream; a field that somebody changed beside a right position is not noticed here, and is folded upon. An event
 * that a handler cannot take even then parks its stream; the rest goes on.
 * @throws PageTooLarge; NeedsNewerCode where a stream that is to be folded again has an event that only newer code
 * can read
 */
export async function foldBatch(
  engine: ProjectionEngine,
  target: FoldTarget,
  page: readonly RecordedEvent[],
  decoded: ReadonlyMap<number, Decoded>,
  { lookForAll = false, maxBytes = Infinity }: FoldOptions = {},
): Promise<FoldedBatch> {
  const { projection } = target;
  const { events, stopped } = takeRelevant(engine, projection, page, decoded);
  const checkpoint = stopped === null ? (page.at(-1)?.position ?? target.checkpoint) : stopped.position - 1;
  const accounted = EventTally.empty();
  for (const { recorded } of events) accounted.add(recorded.hash);

  const left = await parkedOf(engine, target, events);
  const followed = events.filter(({ recorded }) => !left.has(recorded.stream));
  const slot = engine.slot(projection.name, target.slot);
  const known = lookForAll ? followed : followed.filter(beganEarlier(projection, followed));
  const stored = await loadDocuments(slot, keysOf(projection, known), target.checkpoint, maxBytes);
  const documents = new Map(stored);
  const parked = new Map<string, ParkedStream>();
  /** Streams to be folded again, each with the event that showed it. */
  const incomplete = new Map<string, Decoded>();
  for (const { recorded, decoded: event } of followed) {
    if (parked.has(recorded.stream) || incomplete.has(recorded.stream)) continue;
    try {
      const isSound = foldOnto(projection, documents, requireDecoded(event));
      if (!isSound && projection.fedBy === 'one-stream') incomplete.set(recorded.stream, event);
    } catch (error) {
      // The event may be at fault, or the document: for one stream its own events tell.
      if (projection.fedBy === 'one-stream') incomplete.set(recorded.stream, event);
      else parked.set(recorded.stream, parkedBy(event, error));
    }
  }
  let documentsDelta = 0;
  let bytes = 0;
  const changes: DocumentChange[] = [];
  const change = (changed: DocumentChange): void => {
    bytes += storedSize(changed.id, changed.after);
    if (bytes > maxBytes) throw new PageTooLarge();
    changes.push(changed);
  };
  for (const [stream, event] of incomplete) {
    const again = await foldAgain(engine, projection, stream, target.checkpoint, checkpoint);
    if (again.parked !== null && again.parked.position <= target.checkpoint) {
      // What was taken before can be taken no more (the family's key is damaged, say): its documents stay as they
      // are, and it is parked from here on.
      parked.set(stream, parkedBy(event, new Error(again.parked.error)));
      continue;
    }
    if (again.parked !== null) parked.set(stream, again.parked);
    documentsDelta += again.documentsDelta;
    const lying = await loadDocuments(slot, [...again.documents.keys()], target.checkpoint, maxBytes);
    for (const [id, after] of again.documents) {
      change({ id, stored: lying.get(id) ?? null, after });
      documents.delete(id);
    }
  }
  for (const [id, after] of documents) {
    const before = stored.get(id) ?? null;
    if (before === after) continue;
    documentsDelta += Number(after !== null) - Number(before !== null);
    change({ id, stored: before, after });
  }
  return { checkpoint, changes, bytes, documentsDelta, parked: [...parked.values()], accounted, stopped };
}

/** Streams of these events that the generation does not follow any more. */
async function parkedOf(
  { quarantine }: ProjectionEngine,
  { projection, generation, hasParked }: FoldTarget,
  events: readonly { recorded: RecordedEvent }[],
): Promise<ReadonlySet<string>> {
  if (!hasParked) return new Set();
  const streams = new Set(events.map(({ recorded }) => recorded.stream));
  return parkedAmong(quarantine, projection.name, generation, [...streams]);
}

/**
 * Passes one event without what it makes: its stream is parked, as for an event that a handler cannot take, and its
 * documents stay as they are.
 */
export function passOver(recorded: RecordedEvent, error: NotStorable): FoldedBatch {
  const accounted = EventTally.empty();
  accounted.add(recorded.hash);
  const { stream, position, type } = recorded;
  return {
    checkpoint: position,
    changes: [],
    bytes: 0,
    documentsDelta: 0,
    parked: [{ stream, position, type, error: error.message }],
    accounted,
    stopped: null,
  };
}

/** Folds one event; false where what it was folded onto cannot be what the events before it have made. */
function foldOnto(
  projection: Projection,
  documents: Map<string, FoldedDocument | null>,
  event: ProjectedEvent,
): boolean {
  const id = projection.key(event);
  const before = documents.get(id) ?? null;
  foldEvent(projection, documents, event);
  // A document that this event removes was there before, or the count of documents is wrong from here on.
  const isSound = before === null ? (documents.get(id) ?? null) !== null : !Number.isNaN(before.position);
  // Where its stream cannot be folded again either, what lies there stays.
  if (!isSound && projection.fedBy === 'one-stream') documents.set(id, before);
  return isSound;
}

/** Whether there can be documents of an event's stream before this page. */
function beganEarlier(
  { fedBy }: Projection,
  events: readonly { recorded: RecordedEvent }[],
): (event: { recorded: RecordedEvent }) => boolean {
  if (fedBy === 'many-streams') return () => true;
  const begun = new Set(
    events.flatMap(({ recorded: { stream, version } }) => (version === 1 ? [stream] : [])),
  );
  return ({ recorded: { stream } }) => !begun.has(stream);
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
  return { ...after, documentsDelta: countDocuments(after) - countDocuments(before) };
}
