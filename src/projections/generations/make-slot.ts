import type { mongo } from 'mongoose';
import { indexName } from '../../database/collections.js';
import { isSameIndex } from '../../database/compare-indexes.js';
import { hasCode, MONGO_CODE } from '../../database/mongo-codes.js';
import type { ProjectionEngine } from '../engine.js';
import type { Projection } from '../projection.js';
import { dropSlot, slotUuid } from './drop-slot.js';
import { slotCollection, type Slot } from './status.js';

/**
 * An empty slot with its indexes, in place of whatever the slot held. Indexes first: they cost less then.
 * `stillMayWrite` is asked between looking at what is there and dropping just that: whoever slept meanwhile
 * drops nothing of what somebody else has made since.
 * @throws what `stillMayWrite` throws
 */
export async function makeSlot(
  engine: ProjectionEngine,
  { name, indexes }: Projection,
  slot: Slot,
  stillMayWrite: () => Promise<void>,
): Promise<void> {
  const { db } = engine;
  const collection = slotCollection(name, slot);
  const uuid = await slotUuid(engine, name, slot);
  await stillMayWrite();
  await dropSlot(engine, name, slot, uuid);
  try {
    await db.createCollection(collection);
  } catch (error) {
    // Made by whoever has taken over; anything else is as unexpected as it looks.
    if (hasCode(error, MONGO_CODE.namespaceExists)) await stillMayWrite();
    throw error;
  }
  if (indexes.length === 0) return;
  await db.collection(collection).createIndexes(
    indexes.map(({ key, unique, partialFilterExpression }) => ({
      key: { ...key },
      ...(unique === true ? { unique } : {}),
      ...(partialFilterExpression === undefined ? {} : { partialFilterExpression }),
    })),
  );
}

/** The indexes that a slot lacks, by name; null where the slot itself is missing. */
export async function missingIndexes(
  engine: ProjectionEngine,
  { name, indexes }: Projection,
  slot: Slot,
): Promise<string[] | null> {
  const found = await indexesOf(engine, name, slot);
  if (found === null) return null;
  return indexes.filter((wanted) => !found.some((index) => isSameIndex(index, wanted))).map(indexName);
}

/** The indexes of a slot, as MongoDB lists them; null where the slot itself is missing. */
export async function indexesOf(
  { db }: ProjectionEngine,
  projection: string,
  slot: Slot,
): Promise<mongo.Document[] | null> {
  const collection = slotCollection(projection, slot);
  if ((await db.listCollections({ name: collection }).toArray()).length === 0) return null;
  return db.collection(collection).listIndexes().toArray();
}
