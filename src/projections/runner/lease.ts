import type { mongo } from 'mongoose';
import type { ProjectionEngine } from '../engine.js';
import { SLOTS, type ProjectionStatus } from '../generations/status.js';
import type { Projection } from '../projection.js';

/** By the server's clock: those of processes may differ. */
const NOT_HELD = { $expr: { $lt: ['$lease.until', '$$NOW'] } };

/**
 * Takes the lease on a projection's live generation, or renews it; null where another process holds it, or where
 * another version of the projection has built what is live: a process that does not follow it must not keep those
 * from it who would. Each new holder gets the next epoch, and with it everything that an earlier holder has still
 * under way is void.
 */
export async function takeLease(
  { statuses, times }: ProjectionEngine,
  { name, version }: Projection,
  owner: string,
): Promise<ProjectionStatus | null> {
  const until = { $add: ['$$NOW', times.leaseMs] };
  const mine = { _id: name, $or: SLOTS.map((slot) => ({ live: slot, [`slots.${slot}.version`]: version })) };
  const renewed = await statuses.findOneAndUpdate(
    { ...mine, 'lease.owner': owner, $expr: { $gte: ['$lease.until', '$$NOW'] } },
    [{ $set: { 'lease.until': until } }],
    { returnDocument: 'after' },
  );
  if (renewed !== null) return renewed;
  return statuses.findOneAndUpdate(
    { ...mine, ...NOT_HELD },
    [{ $set: { lease: { owner, epoch: { $add: ['$lease.epoch', 1] }, until } } }],
    { returnDocument: 'after' },
  );
}

/** What holds of the status as long as this lease on this live slot does. */
export function leaseHolds({ lease, live }: ProjectionStatus): mongo.Filter<ProjectionStatus> {
  return { 'lease.owner': lease.owner, 'lease.epoch': lease.epoch, live };
}

/** Gives the lease back, so that another process need not wait for its end. */
export async function endLease(
  { statuses }: ProjectionEngine,
  projection: string,
  owner: string,
): Promise<void> {
  await statuses.updateOne(
    { _id: projection, 'lease.owner': owner },
    { $set: { 'lease.until': new Date(0) } },
  );
}
