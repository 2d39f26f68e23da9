import type { RecordedEvent } from '../../event-log/event.js';
import { EVENTS_PER_PAGE } from '../../event-log/read/read-log.js';
import type { ProjectionEngine } from '../engine.js';
import type { Decoded } from '../event-decoder.js';
import { isAbout } from '../fold-stream.js';
import type { OpenGeneration } from './open-generation.js';
import { readPage } from './read-page.js';
import { takePage, type Stopped } from './take-page.js';

/** What one step of catching up came to. */
export interface Step {
  /** How many events of the log it went on by. */
  events: number;
  stopped: Stopped;
}

/**
 * One page of the log for generations that stand at the same checkpoint: read and decoded once, folded into
 * each, stored together. The only way a page gets into a generation that exists, be it live, being rebuilt or
 * kept.
 * @throws Fenced, LogDamaged; for several generations also what one of them alone would be helped by: they go on alone
 */
export async function catchUpOnePage(
  engine: ProjectionEngine,
  generations: readonly OpenGeneration[],
  upTo?: number,
): Promise<Step> {
  const [first] = generations;
  if (first === undefined) return { events: 0, stopped: new Map() };
  const events = await readPage(engine.log, first.checkpoint, upTo);
  if (events.length === 0) return { events: 0, stopped: new Map() };
  const decoded = await decodeFor(engine, generations, events);
  return { events: events.length, stopped: await takePage(engine, generations, { events, decoded }) };
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
