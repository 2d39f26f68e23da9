import mongoose from 'mongoose';
import { readHead } from '../../event-log/read/read-log.js';
import type { ProjectionEngine } from '../engine.js';
import { liveGeneration, otherSlot, type ProjectionStatus, type Slot } from '../generations/status.js';
import type { Projection } from '../projection.js';

/** A rebuild that is under way, or was left unfinished; or a rollback under way. */
export interface RebuildOverview {
  what: 'rebuild' | 'rollback';
  generation: number;
  phase: 'build' | 'catch-up';
  startedAt: Date;
  /** False where nobody works on it any more: the next rebuild goes on with it. */
  running: boolean;
  /** Events of the log that it has gone through, of those up to the position that it is built to. */
  done: number;
  total: number;
}

/** One projection as its status tells it. */
export interface ProjectionOverview {
  projection: string;
  state: 'live' | 'not built' | 'building' | 'stopped' | 'version differs';
  /** Why it is stopped, or which versions differ. */
  reason: string | null;
  /** The version of this code's handlers. */
  version: number;
  /** What is live; null where nothing is. */
  live: {
    generation: number;
    version: number;
    slot: Slot;
    checkpoint: number;
    /** Expected: as many as its events make. */
    documents: number;
    since: Date;
  } | null;
  /** Events of the log that are not in it yet, and the age of the first of them in seconds; null: nothing is live. */
  lag: { events: number; seconds: number } | null;
  /** Streams that the live generation does not follow. */
  quarantined: number;
  /** What a rollback goes back to. */
  kept: { generation: number; version: number; checkpoint: number } | null;
  rebuild: RebuildOverview | null;
}

/** How a projection stands. Only reads, and no document of it. @throws LogDamaged where the head is missing */
export async function overviewOf(
  engine: ProjectionEngine,
  projection: Projection,
  now: Date,
): Promise<ProjectionOverview> {
  const { name, version } = projection;
  const status = await engine.statuses.findOne({ _id: name });
  const { position: head } = await readHead(engine.log);
  const live = liveOverview(status);
  return {
    projection: name,
    ...stateOf(status, version),
    version,
    live,
    lag: live === null ? null : await lagBehind(engine, live.checkpoint, head, now),
    quarantined:
      live === null
        ? 0
        : await engine.quarantine.countDocuments({ projection: name, generation: live.generation }),
    kept: keptOverview(status),
    rebuild: rebuildOverview(projection, status, head, now),
  };
}

function liveOverview(status: ProjectionStatus | null): ProjectionOverview['live'] {
  const live = liveGeneration(status);
  if (live === null) return null;
  const { generation, version, checkpoint, documents, since } = live.generation;
  return {
    generation,
    version,
    slot: live.slot,
    checkpoint: Number(checkpoint),
    documents: Number(documents),
    since,
  };
}

function stateOf(
  status: ProjectionStatus | null,
  version: number,
): Pick<ProjectionOverview, 'state' | 'reason'> {
  const live = liveGeneration(status);
  if (live === null) {
    return { state: status?.rebuild === undefined ? 'not built' : 'building', reason: null };
  }
  if (status?.stopped !== undefined) return { state: 'stopped', reason: status.stopped.message };
  if (live.generation.version === version) return { state: 'live', reason: null };
  return {
    state: 'version differs',
    reason: `the live generation is of version ${live.generation.version}, this code is of version ${version}`,
  };
}

/** How far a generation is behind the log. */
export async function lagBehind(
  { log }: Pick<ProjectionEngine, 'log'>,
  checkpoint: number,
  head: number,
  now: Date,
): Promise<NonNullable<ProjectionOverview['lag']>> {
  if (checkpoint >= head) return { events: 0, seconds: 0 };
  const first = await log.events.findOne(
    { _id: mongoose.mongo.Long.fromNumber(checkpoint + 1) },
    { projection: { at: 1 } },
  );
  const milliseconds = first === null ? 0 : Math.max(0, now.getTime() - first.at.getTime());
  return { events: head - checkpoint, seconds: Math.round(milliseconds / 100) / 10 };
}

function keptOverview(status: ProjectionStatus | null): ProjectionOverview['kept'] {
  if (typeof status?.live !== 'string') return null;
  const kept = status.slots[otherSlot(status.live)];
  if (kept?.state !== 'kept') return null;
  return { generation: kept.generation, version: kept.version, checkpoint: Number(kept.checkpoint) };
}

function rebuildOverview(
  { fedBy }: Projection,
  status: ProjectionStatus | null,
  head: number,
  now: Date,
): ProjectionOverview['rebuild'] {
  const rebuild = status?.rebuild;
  const generation = rebuild === undefined ? undefined : status?.slots[rebuild.slot];
  if (rebuild === undefined || generation === undefined) return null;
  const { phase, startedAt, until, target, seen } = rebuild;
  const running = until > now;
  const what = generation.state === 'kept' ? 'rollback' : 'rebuild';
  // Nobody goes on with a rollback that was killed: the generation is kept as it was, and only further on in the log.
  if (what === 'rollback' && !running) return null;
  const checkpoint = Number(generation.checkpoint);
  const isByStream = phase === 'build' && fedBy === 'one-stream';
  return {
    what,
    generation: generation.generation,
    phase,
    startedAt,
    running,
    done: isByStream ? Number(seen) : checkpoint,
    total: phase === 'build' ? Number(target) : Math.max(head, checkpoint),
  };
}
