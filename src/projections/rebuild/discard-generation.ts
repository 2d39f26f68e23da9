import { inTransaction } from '../../database/transaction.js';
import type { ProjectionEngine } from '../engine.js';
import { dropSlot, slotUuid } from '../generations/drop-slot.js';
import type { OpenGeneration } from '../runner/open-generation.js';
import type { RebuildLease } from './rebuild-lease.js';

const DEADLINE_MS = 10_000;

/**
 * Removes a generation that will not be used, and the rebuild with it. What says that it is there goes in one step with
 * what it has parked: the next generation may get its number.
 */
export async function discardGeneration(engine: ProjectionEngine, discarded: OpenGeneration): Promise<void> {
  const { projection, slot, generation } = discarded;
  const { name } = projection;
  const uuid = await slotUuid(engine, name, slot);
  const isRemoved = await inTransaction(engine.client, DEADLINE_MS, async (session) => {
    const removed = await engine.statuses.updateOne(
      { _id: name, ...discarded.fence() },
      { $unset: { rebuild: '', [`slots.${slot}`]: '' } },
      { session },
    );
    if (removed.matchedCount === 0) return false;
    await engine.quarantine.deleteMany({ projection: name, generation }, { session });
    return true;
  });
  if (isRemoved) await dropSlot(engine, name, slot, uuid);
}

/**
 * What earlier generations had parked says nothing any more; nor does what is left under this one's number, of
 * one whose status was lost.
 */
export async function forgetQuarantine(engine: ProjectionEngine, lease: RebuildLease): Promise<void> {
  const { plan, projection, status } = lease;
  const others = Object.entries(status.slots).flatMap(([slot, { generation }]) =>
    slot === plan.slot ? [] : [generation],
  );
  await inTransaction(engine.client, DEADLINE_MS, async (session) => {
    await lease.renew(session);
    const forgotten = { projection: projection.name, generation: { $nin: others } };
    await engine.quarantine.deleteMany(forgotten, { session });
  });
}
