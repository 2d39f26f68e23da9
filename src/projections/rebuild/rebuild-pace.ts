import { availableParallelism } from 'node:os';
import type { ProjectionStatus } from '../generations/status.js';

/** How a rebuild shares the machine with others. */
export interface RebuildPace {
  /** Events or documents. */
  perPage: number;
  /** Whether pages are read, folded and stored at the same time, or one step at a time. */
  overlaps: boolean;
}

/**
 * As fast as it goes where no process follows the live generation. Where one does, people read: pages are small,
 * because storing one keeps the status, which the one who follows writes too; and with two processors or fewer there is
 * one step at a time, so that one of them is free for whoever reads. Measured on two (`npm run bench -- projections`):
 * of a hundred reads the slowest takes some 3 times as long as without a rebuild, not 7 times, and the rebuild twice as
 * long. Smaller pages cost more and gain nothing.
 */
export function paceBeside({ lease }: ProjectionStatus): RebuildPace {
  // By this process's own clock: nothing but speed depends on it.
  const isFollowed = lease.until.getTime() > Date.now();
  if (!isFollowed) return { perPage: 5_000, overlaps: true };
  return { perPage: 1_000, overlaps: availableParallelism() > 2 };
}
