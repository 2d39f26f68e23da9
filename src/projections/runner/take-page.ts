import type { RecordedEvent } from '../../event-log/event.js';
import type { ProjectionEngine } from '../engine.js';
import type { Decoded } from '../event-decoder.js';
import { NeedsNewerCode } from '../fold-stream.js';
import { applyBatches } from './apply-batch.js';
import { foldBatch, passOver } from './fold-batch.js';
import { MAX_BYTES, PageTooLarge } from './load-documents.js';
import { DocumentsMoved, NotStorable } from './not-storable.js';
import type { OpenGeneration } from './open-generation.js';

/** Documents that move under a batch this often are not moved by accident. */
const MAX_MOVES = 5;

/** Generations that cannot go on, each with its reason. They stand just before the event that they stopped at. */
export type Stopped = Map<OpenGeneration, NeedsNewerCode>;

/** Events of the log, and what they say. */
export interface Page {
  events: readonly RecordedEvent[];
  decoded: ReadonlyMap<number, Decoded>;
}

/**
 * All of a page, in smaller and smaller parts where it is too large for one transaction or something in it cannot be
 * taken, down to the one event that is the trouble: that one parks its stream, or stops its projection.
 */
export async function takePage(
  engine: ProjectionEngine,
  generations: readonly OpenGeneration[],
  page: Page,
): Promise<Stopped> {
  try {
    return await takeAtOnce(engine, generations, page);
  } catch (error) {
    const [generation, ...others] = generations;
    const [event, ...later] = page.events;
    if (generation === undefined || event === undefined) throw error;
    const isAlone = others.length === 0;
    const isOfContent = isAlone && (error instanceof NotStorable || error instanceof NeedsNewerCode);
    if (later.length > 0) {
      if (isOfContent || error instanceof PageTooLarge) return takeHalves(engine, generations, page);
      throw error;
    }
    if (isAlone && error instanceof NeedsNewerCode) return new Map([[generation, error]]);
    if (isAlone && error instanceof NotStorable) {
      await applyBatches(engine, [{ target: generation, folded: passOver(event, error) }]);
      return new Map();
    }
    throw error;
  }
}

async function takeHalves(
  engine: ProjectionEngine,
  generations: readonly OpenGeneration[],
  { events, decoded }: Page,
): Promise<Stopped> {
  const middle = Math.ceil(events.length / 2);
  const stopped = await takePage(engine, generations, { events: events.slice(0, middle), decoded });
  const going = generations.filter((generation) => !stopped.has(generation));
  if (going.length === 0) return stopped;
  const later = await takePage(engine, going, { events: events.slice(middle), decoded });
  return new Map([...stopped, ...later]);
}

async function takeAtOnce(
  engine: ProjectionEngine,
  generations: readonly OpenGeneration[],
  { events, decoded }: Page,
): Promise<Stopped> {
  // What a single event is about cannot be divided.
  const maxBytes = events.length > 1 ? MAX_BYTES : Infinity;
  for (let moves = 0; ; moves += 1) {
    const options = { lookForAll: moves > 0, maxBytes };
    const batches = await Promise.all(
      generations.map(async (target) => ({
        target,
        folded: await foldBatch(engine, target, events, decoded, options),
      })),
    );
    const bytes = batches.reduce((sum, { folded }) => sum + folded.bytes, 0);
    if (bytes > maxBytes) throw new PageTooLarge();
    try {
      await applyBatches(engine, batches);
    } catch (error) {
      if (error instanceof DocumentsMoved && moves < MAX_MOVES) continue;
      throw error;
    }
    return new Map(
      batches.flatMap(({ target, folded: { stopped } }) => (stopped === null ? [] : [[target, stopped]])),
    );
  }
}
