import type { mongo } from 'mongoose';
import { inTransaction } from '../../database/transaction.js';
import type { ProjectionEngine } from '../engine.js';
import { RebuildLost } from './rebuild-lease.js';
import type { OpenGeneration } from '../runner/open-generation.js';
import { catchUpToEnd } from './catch-up-to-end.js';
import { liveGeneration, type ProjectionStatus } from '../generations/status.js';
import type { OnProgress } from '../progress.js';
import { letViewFollow } from '../generations/view.js';

const DEADLINE_MS = 10_000;

/** How a generation became live. */
export interface Switched {
  /** Everything up to here was in it. */
  position: number;
  /** A squatter on the view's name has this name now. */
  setAside: string | null;
  /** Why the view does not show it yet. The service does not read the view, and makes it follow when it can. */
  viewBehind: string | null;
}

/**
 * Makes a generation the live one, atomically and never to a place in the log before the one that reads have
 * seen: one transaction moves the status, whoever follows the old one is fenced by it, and the view follows.
 * @throws RebuildLost, NeedsNewerCode
 */
export async function switchGeneration(
  engine: ProjectionEngine,
  generation: OpenGeneration,
  onProgress: OnProgress,
): Promise<Switched> {
  for (;;) {
    // And at once: the live one goes on, too.
    await catchUpToEnd(engine, generation, onProgress);
    const switched = await inTransaction(engine.client, DEADLINE_MS, (session) =>
      trySwitch(engine, generation, session),
    );
    if (switched) break;
  }
  return { position: generation.checkpoint, ...(await letViewFollowIfItCan(engine, generation)) };
}

/** What is live is live, whatever becomes of its view. */
async function letViewFollowIfItCan(
  engine: ProjectionEngine,
  { projection: { name } }: OpenGeneration,
): Promise<Omit<Switched, 'position'>> {
  try {
    return { ...(await letViewFollow(engine, name)), viewBehind: null };
  } catch (error) {
    return { setAside: null, viewBehind: error instanceof Error ? error.message : String(error) };
  }
}

async function trySwitch(
  { statuses }: ProjectionEngine,
  generation: OpenGeneration,
  session: mongo.ClientSession,
): Promise<boolean> {
  const { projection, slot } = generation;
  const mine = { _id: projection.name, ...generation.fence() };
  const status: ProjectionStatus | null = await statuses.findOne(mine, { session });
  if (status === null) throw new RebuildLost(projection.name);
  const live = liveGeneration(status);
  if (live !== null && Number(live.generation.checkpoint) > generation.checkpoint) return false;
  const old = live?.slot;
  await statuses.updateOne(
    mine,
    [
      {
        $set: {
          live: slot,
          [`slots.${slot}.state`]: 'live',
          [`slots.${slot}.since`]: '$$NOW',
          ...(old === undefined ? {} : { [`slots.${old}.state`]: 'kept', [`slots.${old}.since`]: '$$NOW' }),
          'lease.until': new Date(0),
          'lease.epoch': { $add: ['$lease.epoch', 1] },
        },
      },
      { $unset: ['rebuild', 'stopped'] },
    ],
    { session },
  );
  return true;
}
