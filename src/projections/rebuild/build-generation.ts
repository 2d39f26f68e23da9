import mongoose from 'mongoose';
import { inTransaction } from '../../database/transaction.js';
import { toStored, type StoredDocument } from '../documents.js';
import type { ProjectionEngine } from '../engine.js';
import { foldStream, isAbout, refuseUnknownTypes } from '../fold-stream.js';
import { quarantineEntry, type ParkedStream } from '../quarantine/quarantine.js';
import { catchUpOnePage } from '../runner/catch-up.js';
import type { OpenGeneration } from '../runner/open-generation.js';
import { EventTally } from '../generations/event-tally.js';
import type { OnProgress } from '../progress.js';
import type { RebuildPace } from './rebuild-pace.js';
import { readWholeStreams, type WholeStream } from '../../event-log/read/read-whole-streams.js';
import { RebuildLost, type RebuildLease } from './rebuild-lease.js';

const { Long } = mongoose.mongo;
const DEADLINE_MS = 20_000;

/**
 * Fills an empty generation, or one that was left unfinished, with what the log says up to the plan's target.
 * Memory holds one page of events and its documents, whatever the log's size.
 * @throws RebuildLost, LogDamaged, NeedsNewerCode
 */
export async function buildGeneration(
  engine: ProjectionEngine,
  lease: RebuildLease,
  generation: OpenGeneration,
  onProgress: OnProgress,
  pace: RebuildPace,
): Promise<void> {
  if (generation.projection.fedBy === 'one-stream') {
    await replayStreams(engine, lease, generation, onProgress, pace);
  } else await replayInOrder(engine, lease, generation, onProgress);
}

/** Documents that gather from many streams are few: the log is followed in its own order. */
async function replayInOrder(
  engine: ProjectionEngine,
  { plan: { target } }: RebuildLease,
  generation: OpenGeneration,
  onProgress: OnProgress,
): Promise<void> {
  while (generation.checkpoint < target) {
    const { stopped } = await catchUpOnePage(engine, [generation], target);
    for (const reason of stopped.values()) throw reason;
    onProgress('Replaying the log', generation.checkpoint, target);
  }
}

/** What a page of whole streams adds to a generation. */
interface Addition {
  documents: StoredDocument[];
  parked: ParkedStream[];
  tally: EventTally;
  /** The last stream of the page. */
  cursor: string;
  /** How many events the page holds. */
  events: number;
}

/** Each document is made by one stream, so streams are replayed one after the other and documents written once. */
async function replayStreams(
  engine: ProjectionEngine,
  lease: RebuildLease,
  generation: OpenGeneration,
  onProgress: OnProgress,
  { perPage, overlaps }: RebuildPace,
): Promise<void> {
  const { target, cursor } = lease.plan;
  let { seen } = lease.plan;
  let writing: Promise<void> = Promise.resolve();
  const pages = readWholeStreams(engine.log, {
    after: cursor,
    upTo: target,
    eventsPerPage: perPage,
    ahead: overlaps,
  });
  const additions = foldPages(pages, (page) => fold(engine, generation, page), overlaps);
  for await (const addition of additions) {
    // One page is written while the next is read and folded; never two at once, so the cursor is the truth.
    await writing;
    seen += addition.events;
    onProgress('Replaying the log', Math.min(seen, target), target);
    writing = add(engine, lease, generation, addition, seen);
    if (!overlaps) await writing;
    // Else it is awaited with the next page; until then its failure is not an unhandled one.
    writing.catch(() => undefined);
  }
  await writing;
}

/** Folds pages in turn; with `ahead`, a page is begun with while the one before is still being worked on. */
async function* foldPages(
  pages: AsyncIterable<WholeStream[]>,
  work: (streams: WholeStream[]) => Promise<Addition | null>,
  ahead: boolean,
): AsyncGenerator<Addition> {
  let begun: Promise<Addition | null> = Promise.resolve(null);
  for await (const streams of pages) {
    const next = work(streams);
    next.catch(() => undefined);
    const addition = await (ahead ? begun : next);
    if (addition !== null) yield addition;
    begun = ahead ? next : begun;
  }
  const last = await begun;
  if (last !== null) yield last;
}

async function fold(
  { decoder }: ProjectionEngine,
  { projection }: OpenGeneration,
  streams: readonly WholeStream[],
): Promise<Addition | null> {
  const cursor = streams.at(-1)?.[0]?.stream;
  if (cursor === undefined) return null;
  const relevant = streams.map((stream) => stream.filter(({ type }) => isAbout(projection, type)));
  for (const stream of streams) refuseUnknownTypes(projection, decoder, stream);
  const decoded = await decoder.decode(relevant.flat());
  const addition: Addition = {
    documents: [],
    parked: [],
    tally: EventTally.empty(),
    cursor,
    events: streams.reduce((events, stream) => events + stream.length, 0),
  };
  let from = 0;
  for (const stream of relevant) {
    for (const { bytes, hashAt } of stream) addition.tally.add(bytes, hashAt);
    const folded = foldStream(projection, decoded.slice(from, from + stream.length));
    from += stream.length;
    for (const [id, document] of folded.documents) {
      if (document !== null) addition.documents.push(toStored(id, document));
    }
    if (folded.parked !== null) addition.parked.push(folded.parked);
  }
  return addition;
}

/** Stores a page with the cursor that says it is there, if this process still may. */
async function add(
  engine: ProjectionEngine,
  lease: RebuildLease,
  generation: OpenGeneration,
  { documents, parked, tally, cursor }: Addition,
  seen: number,
): Promise<void> {
  const { projection, slot } = generation;
  generation.documents += documents.length;
  generation.tally.merge(tally);
  const accounted = generation.tally.stored();
  await inTransaction(engine.client, DEADLINE_MS, async (session) => {
    const moved = await engine.statuses.updateOne(
      { _id: projection.name, ...generation.fence() },
      {
        $set: {
          'rebuild.cursor': cursor,
          'rebuild.seen': Long.fromNumber(seen),
          [`slots.${slot}.documents`]: Long.fromNumber(generation.documents),
          [`slots.${slot}.accounted`]: accounted,
        },
      },
      { session },
    );
    if (moved.matchedCount === 0) throw new RebuildLost(projection.name);
    const since = new Date();
    const entries = parked.map((one) => quarantineEntry(projection.name, generation.generation, one, since));
    if (entries.length > 0) await engine.quarantine.insertMany(entries, { session });
    if (documents.length > 0) {
      await engine.slot(projection.name, slot).insertMany(documents, { session, ordered: false });
    }
  });
  if (parked.length > 0) generation.hasParked = true;
}

/** Says that everything up to the target is in the generation: from here on it is caught up page by page. */
export async function finishBuild(
  engine: ProjectionEngine,
  { plan: { target } }: RebuildLease,
  generation: OpenGeneration,
): Promise<void> {
  const { projection, slot } = generation;
  const finished = await engine.statuses.updateOne(
    { _id: projection.name, ...generation.fence() },
    { $set: { 'rebuild.phase': 'catch-up', [`slots.${slot}.checkpoint`]: Long.fromNumber(target) } },
  );
  if (finished.matchedCount === 0) throw new RebuildLost(projection.name);
  generation.checkpoint = target;
}
