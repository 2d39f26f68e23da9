import type { mongo } from 'mongoose';
import { inTransaction } from '../../database/transaction.js';
import type { ProjectionEngine } from '../engine.js';
import { RebuildLost } from './rebuild-lease.js';
import type { OpenGeneration } from '../runner/open-generation.js';
import { catchUp } from '../runner/catch-up.js';
import { liveGeneration, type ProjectionStatus } from '../generations/status.js';
import { letViewFollow } from '../generations/view.js';

const DEADLINE_MS = 10_000;

/**
 * Makes a generation the live one, atomically and never to a place in the log before the one that reads have
 * seen: one transaction moves the status, whoever follows the old one is fenced by it, and the view follows.
 * @returns the position at which it was switched, and where a squatter on the view's name was set aside to
 * @throws RebuildLost, NeedsNewerCode
 */
export async function switchGeneration(
  engine: ProjectionEngine,
  generation: OpenGeneration,
): Promise<{ position: number; setAside: string | null }> {
  for (;;) {
    // And at once: the live one goes on, too.
    await catchUp(engine, generation);
    const switched = await inTransaction(engine.client, DEADLINE_MS, (session) =>
      trySwitch(engine, generation, session),
    );
    if (switched) break;
  }
  return { position: generation.checkpoint, ...(await letViewFollow(engine, generation.projection.name)) };
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
  const since = new Date();
  await statuses.updateOne(
    mine,
    {
      $set: {
        live: slot,
        [`slots.${slot}.state`]: 'live',
        [`slots.${slot}.since`]: since,
        ...(live === null
          ? {}
          : { [`slots.${live.slot}.state`]: 'kept', [`slots.${live.slot}.since`]: since }),
        'lease.until': new Date(0),
      },
      $inc: { 'lease.epoch': 1 },
      $unset: { rebuild: '', stopped: '' },
    },
    { session },
  );
  return true;
}
