import type { PendingAppend } from './batch.js';
import { ClaimsMissing, ClaimTaken } from '../errors.js';
import type { LogCollections } from '../log-collections.js';
import { duplicateIn, mayPass } from './mongo-errors.js';
import { findRefusals } from './refusals.js';

/** What a failed try means for the appends in it. */
export type Judgement =
  /** Some were refused for a reason of their own; the rest can be tried again. */
  | 'refused some'
  /** Another try may succeed. */
  | 'may pass'
  /** Something stands in the way that no read accounts for. */
  | 'unexplained'
  /** Another try meets it again. */
  | 'lasting';

/** Tells what a try failed by, and refuses the appends that cannot be stored, each alone. */
export async function judgeFailure(
  collections: LogCollections,
  batch: readonly PendingAppend[],
  error: unknown,
): Promise<Judgement> {
  if (mayPass(error)) return 'may pass';
  if (!standsInTheWay(error)) return 'lasting';
  if (await refuseWhatIsTaken(collections, batch)) return 'refused some';
  return (await isTakenUnconfirmed(collections, batch)) ? 'may pass' : 'unexplained';
}

/** Whoever holds the head finds nothing at the positions after it, or somebody has touched the log. */
export function liesBeyondHead(error: unknown): boolean {
  return duplicateIn(error) === 'events (index _id_)';
}

/** Something that is there already, or missing, and that may concern one append of a batch only. */
function standsInTheWay(error: unknown): boolean {
  if (error instanceof ClaimsMissing || error instanceof ClaimTaken) return true;
  return duplicateIn(error) !== null && !liesBeyondHead(error);
}

/** Refuses what is taken for good; false where nothing was found to refuse. */
async function refuseWhatIsTaken(
  collections: LogCollections,
  batch: readonly PendingAppend[],
): Promise<boolean> {
  try {
    const refusals = await findRefusals(collections, batch);
    for (const [pending, error] of refusals) pending.reject(error);
    return refusals.size > 0;
  } catch {
    // The next try meets the same fault and is judged by it.
    return false;
  }
}

/**
 * Whether the primary has what stands in the way and no majority has confirmed it yet, as where secondaries lag.
 * It is no reason to refuse anything, since a failover may take it back, and it is no damage.
 */
async function isTakenUnconfirmed(
  collections: LogCollections,
  batch: readonly PendingAppend[],
): Promise<boolean> {
  const refusals = await findRefusals(collections.unconfirmed(), batch).catch(() => null);
  return refusals !== null && refusals.size > 0;
}
