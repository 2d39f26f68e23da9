import type { mongo } from 'mongoose';
import type { ProjectionEngine } from '../engine.js';
import type { ProjectionStatus } from '../generations/status.js';

/** A runner that has not renewed its lease for this long is taken for dead, in milliseconds. */
export const LEASE_MS = 8_000;

/** By the server's clock: those of processes may differ. */
const NOT_HELD = { $expr: { $lt: ['$lease.until', '$$NOW'] } };

/**
 * Takes the lease on a projection's live generation, or renews it; null where another process holds it. Each
 * new holder gets the next epoch, and with it everything that an earlier holder has still under way is void.
 */
export async function takeLease(
  { statuses }: ProjectionEngine,
  projection: string,
  owner: string,
): Promise<ProjectionStatus | null> {
  const until = { $add: ['$$NOW', LEASE_MS] };
  const renewed = await statuses.findOneAndUpdate(
    { _id: projection, 'lease.owner': owner, $expr: { $gte: ['$lease.until', '$$NOW'] } },
    [{ $set: { 'lease.until': until } }],
    { returnDocument: 'after' },
  );
  if (renewed !== null) return renewed;
  return statuses.findOneAndUpdate(
    { _id: projection, ...NOT_HELD },
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
