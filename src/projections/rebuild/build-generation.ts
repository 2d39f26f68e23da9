import mongoose from 'mongoose';
import { inTransaction } from '../../database/transaction.js';
import { toStored, type StoredDocument } from '../documents.js';
import type { ProjectionEngine } from '../engine.js';
import { foldStream, isAbout, refuseUnknownTypes } from '../fold-stream.js';
import { quarantineEntry, type ParkedStream } from '../quarantine/quarantine.js';
import { catchUpOnePage } from '../runner/catch-up.js';
import type { OpenGeneration } from '../runner/open-generation.js';
import { EventTally } from './accounted-events.js';
import type { OnProgress } from './progress.js';
import { readWholeStreams, type WholeStream } from './read-whole-streams.js';
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
): Promise<void> {
  if (generation.projection.fedBy === 'one-stream') {
    await replayStreams(engine, lease, generation, onProgress);
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
}

/** Each document is made by one stream, so streams are replayed one after the other and documents written once. */
async function replayStreams(
  engine: ProjectionEngine,
  lease: RebuildLease,
  generation: OpenGeneration,
  onProgress: OnProgress,
): Promise<void> {
  const { target, cursor } = lease.plan;
  let seen = 0;
  let writing: Promise<void> = Promise.resolve();
  const pages = readWholeStreams(engine.log, { after: cursor, upTo: target });
  for await (const { streams, addition } of ahead(pages, (page) => fold(engine, generation, page))) {
    seen += streams.reduce((events, stream) => events + stream.length, 0);
    // One page is written while the next is read and folded; never two at once, so the cursor is the truth.
    await writing;
    onProgress('Replaying the log', Math.min(seen, target), target);
    if (addition !== null) {
      writing = add(engine, lease, generation, addition);
      // It is awaited with the next page; until then its failure is not an unhandled one.
      writing.catch(() => undefined);
    }
  }
  await writing;
}

/** Begins with a page (its keys are fetched) while the one before is still being worked on. */
async function* ahead(
  pages: AsyncIterable<WholeStream[]>,
  work: (streams: WholeStream[]) => Promise<Addition | null>,
): AsyncGenerator<{ streams: WholeStream[]; addition: Addition | null }> {
  let begun: { streams: WholeStream[]; addition: Promise<Addition | null> } | null = null;
  for await (const streams of pages) {
    const next = { streams, addition: work(streams) };
    next.addition.catch(() => undefined);
    if (begun !== null) yield { streams: begun.streams, addition: await begun.addition };
    begun = next;
  }
  if (begun !== null) yield { streams: begun.streams, addition: await begun.addition };
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
  const addition: Addition = { documents: [], parked: [], tally: EventTally.empty(), cursor };
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
