import type { mongo } from 'mongoose';
import { hasCode, MONGO_CODE } from '../../database/mongo-codes.js';
import type { ProjectionEngine } from '../engine.js';
import { slotCollection, type Slot } from './status.js';

/** What MongoDB itself calls the collection that is in a slot now; null for none. */
export async function slotUuid(
  { db }: ProjectionEngine,
  projection: string,
  slot: Slot,
): Promise<mongo.UUID | null> {
  const [found] = await db.listCollections({ name: slotCollection(projection, slot) }).toArray();
  return (found as { info?: { uuid?: mongo.UUID } } | undefined)?.info?.uuid ?? null;
}

/**
 * Drops that very collection. DDL knows no transactions and no fences: by its UUID, a process that slept while
 * another one made the slot anew, and perhaps live, cannot drop the other one's work.
 */
export async function dropSlot(
  { db }: ProjectionEngine,
  projection: string,
  slot: Slot,
  uuid: mongo.UUID | null,
): Promise<void> {
  if (uuid === null) return;
  try {
    await db.command({ drop: slotCollection(projection, slot), collectionUUID: uuid });
  } catch (error) {
    const isGone =
      hasCode(error, MONGO_CODE.namespaceNotFound) || hasCode(error, MONGO_CODE.collectionUuidMismatch);
    if (!isGone) throw error;
  }
}
