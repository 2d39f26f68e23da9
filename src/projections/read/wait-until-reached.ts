import { setTimeout as sleep } from 'node:timers/promises';
import { LogDamaged } from '../../event-log/errors.js';
import { readHead, readHeadForSure } from '../../event-log/read/read-log.js';
import type { ProjectionEngine } from '../engine.js';
import type { Slot } from '../generations/status.js';
import { readableGeneration } from './live-slot.js';

const POLL_MS = 8;
/** How long a read waits at most, in milliseconds. */
const WAIT_MS = 3_000;

/** A projection did not get to a position in time. */
export class ProjectionBehind extends Error {
  constructor(
    readonly projection: string,
    wanted: number,
    reached: number,
  ) {
    super(`${projection} has reached position ${reached}; position ${wanted} was waited for in vain`);
    this.name = 'ProjectionBehind';
  }
}

/** A position was asked for that the log has not reached: it cannot come from an answer of this service. */
export class PositionUnknown extends Error {
  constructor(wanted: number, head: number) {
    super(`The log has reached position ${head}; position ${wanted} is not from here`);
    this.name = 'PositionUnknown';
  }
}

export interface WaitOptions {
  /** How long to wait at most, in milliseconds. */
  waitMs?: number;
  /** Called once where there is something to wait for: the runner of this process need not gather more first. */
  hurry?: () => void;
}

/**
 * Resolves when the live generation of a projection holds everything up to `position`: then a read sees what
 * its caller has written before, in the slot that it resolves with.
 * @throws ProjectionBehind after `waitMs`, PositionUnknown, ProjectionNotBuilt
 */
export async function waitUntilReached(
  engine: ProjectionEngine,
  projection: string,
  position: number,
  { waitMs = WAIT_MS, hurry }: WaitOptions = {},
): Promise<Slot> {
  const until = performance.now() + waitMs;
  for (let tries = 0; ; tries += 1) {
    const live = await lookTogether(engine, projection, tries === 0 ? 0 : POLL_MS);
    const reached = Number(live.generation.checkpoint);
    if (reached >= position) return live.slot;
    if (tries === 0) {
      await requireKnownPosition(engine, position);
      hurry?.();
    }
    if (performance.now() > until) throw new ProjectionBehind(projection, position, reached);
  }
}

type Live = Awaited<ReturnType<typeof readableGeneration>>;

/** Looks that somebody of this process waits for: at once, and after a pause. */
const looks = new WeakMap<ProjectionEngine, Map<string, Promise<Live>>>();

/**
 * What is live, read after `pauseMs`: once for all who wait. Each on its own would ask more the further behind the
 * projection is, until it could not catch up for being asked. One who joins late is told nothing wrong: what a live
 * generation has reached it does not lose.
 */
function lookTogether(engine: ProjectionEngine, projection: string, pauseMs: number): Promise<Live> {
  const ours = looks.get(engine) ?? new Map<string, Promise<Live>>();
  looks.set(engine, ours);
  const key = `${projection} ${pauseMs}`;
  const look = ours.get(key) ?? lookAfter(engine, projection, pauseMs).finally(() => ours.delete(key));
  ours.set(key, look);
  return look;
}

async function lookAfter(engine: ProjectionEngine, projection: string, pauseMs: number): Promise<Live> {
  if (pauseMs > 0) await sleep(pauseMs);
  return readableGeneration(engine, engine.projection(projection));
}

/**
 * Refuses a position that the log has not reached: no answer of this service can have told it. Before that it makes
 * sure: after an election a primary does not know for a moment what a majority has, and one that was put to sleep
 * does not know that it is none any more. A position that was acknowledged is waited for, `waitMs` at most.
 * @throws PositionUnknown; MongoServerError (a time limit) where no majority confirms anything
 */
export async function requireKnownPosition(
  { log }: ProjectionEngine,
  position: number,
  waitMs = WAIT_MS,
): Promise<void> {
  try {
    if (position <= (await readHead(log)).position) return;
    const sure = await readHeadForSure(log, waitMs);
    if (position > sure.position) throw new PositionUnknown(position, sure.position);
  } catch (error) {
    // What can be read is read, whatever the log's state.
    if (!(error instanceof LogDamaged)) throw error;
  }
}
