import { indexName } from '../../database/collections.js';
import type { ProjectionEngine } from '../engine.js';
import type { Projection } from '../projection.js';
import { slotCollection, type Slot } from './status.js';

/** An empty slot with its indexes, in place of whatever the slot held. Indexes first: they cost less then. */
export async function makeSlot(
  { db }: ProjectionEngine,
  { name, indexes }: Projection,
  slot: Slot,
): Promise<void> {
  const collection = slotCollection(name, slot);
  // Of a collection that is not there, too: that is what it says then.
  await db.collection(collection).drop();
  await db.createCollection(collection);
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
  { db }: ProjectionEngine,
  { name, indexes }: Projection,
  slot: Slot,
): Promise<string[] | null> {
  const collection = slotCollection(name, slot);
  if ((await db.listCollections({ name: collection }).toArray()).length === 0) return null;
  const found = new Set(
    (await db.collection(collection).listIndexes().toArray()).map(({ name: n }) => n as string),
  );
  return indexes.map(indexName).filter((wanted) => !found.has(wanted));
}
