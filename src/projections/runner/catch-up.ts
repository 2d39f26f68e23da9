import type { RecordedEvent } from '../../event-log/event.js';
import { EVENTS_PER_PAGE } from '../../event-log/read/read-log.js';
import type { ProjectionEngine } from '../engine.js';
import type { Decoded } from '../event-decoder.js';
import { isAbout, type NeedsNewerCode } from '../fold-stream.js';
import { applyBatches, DocumentsMoved } from './apply-batch.js';
import { foldBatch } from './fold-batch.js';
import type { OpenGeneration } from './open-generation.js';
import { readPage } from './read-page.js';

/** Documents that move under a batch this often are not moved by accident. */
const MAX_MOVES = 5;

/** What one step of catching up came to. */
export interface Step {
  /** How many events of the log it went on by. */
  events: number;
  /** Generations that cannot go on, each with its reason. */
  stopped: Map<OpenGeneration, NeedsNewerCode>;
}

/**
 * One page of the log for generations that stand at the same checkpoint: read and decoded once, folded into
 * each, stored together. The only way a page gets into a generation that exists, be it live, being rebuilt or
 * kept.
 * @throws Fenced, LogDamaged
 */
export async function catchUpOnePage(
  engine: ProjectionEngine,
  generations: readonly OpenGeneration[],
  upTo?: number,
): Promise<Step> {
  const [first] = generations;
  const stopped: Step['stopped'] = new Map();
  if (first === undefined) return { events: 0, stopped };
  const page = await readPage(engine.log, first.checkpoint, upTo);
  if (page.length === 0) return { events: 0, stopped };
  const decoded = await decodeFor(engine, generations, page);
  for (let moves = 0; ; moves += 1) {
    const batches = await Promise.all(
      generations.map(async (target) => ({
        target,
        folded: await foldBatch(engine, target, page, decoded, { lookForAll: moves > 0 }),
      })),
    );
    try {
      await applyBatches(engine, batches);
    } catch (error) {
      if (error instanceof DocumentsMoved && moves < MAX_MOVES) continue;
      throw error;
    }
    for (const { target, folded } of batches) {
      if (folded.stopped !== null) stopped.set(target, folded.stopped);
    }
    return { events: page.length, stopped };
  }
}

/**
 * Catches one generation up: to `upTo`, or to where the log ended a moment ago. Not to the moment in which nothing
 * new has come: under load there is none.
 * @throws NeedsNewerCode, Fenced, LogDamaged
 */
export async function catchUp(
  engine: ProjectionEngine,
  generation: OpenGeneration,
  upTo?: number,
  onPage: () => void = () => undefined,
): Promise<void> {
  for (;;) {
    const { events, stopped } = await catchUpOnePage(engine, [generation], upTo);
    for (const reason of stopped.values()) throw reason;
    onPage();
    if (events < EVENTS_PER_PAGE) return;
  }
}

async function decodeFor(
  { decoder }: ProjectionEngine,
  generations: readonly OpenGeneration[],
  page: readonly RecordedEvent[],
): Promise<Map<number, Decoded>> {
  const relevant = page.filter(({ type }) => generations.some(({ projection }) => isAbout(projection, type)));
  const decoded = await decoder.decode(relevant);
  return new Map(
    relevant.flatMap(({ position }, index) => {
      const event = decoded[index];
      return event === undefined ? [] : [[position, event] as const];
    }),
  );
}
