import { deletingIndexes } from '../../database/compare-indexes.js';
import type { ProjectionEngine } from '../engine.js';
import { indexesOf, missingIndexes } from '../generations/make-slot.js';
import { slotCollection, type Slot } from '../generations/status.js';
import { findView } from '../generations/view.js';
import type { Projection } from '../projection.js';

/** What is wrong with a live slot and its view, whatever the documents say. A rebuild mends all of it. */
export async function structuralProblems(
  engine: ProjectionEngine,
  projection: Projection,
  slot: Slot,
): Promise<string[]> {
  const problems: string[] = [];
  const collection = slotCollection(projection.name, slot);
  const missing = await missingIndexes(engine, projection, slot);
  if (missing === null) problems.push(`the collection ${collection} is missing`);
  else if (missing.length > 0) problems.push(`${collection} lacks the indexes ${missing.join(', ')}`);
  const indexes = (await indexesOf(engine, projection.name, slot)) ?? [];
  for (const index of deletingIndexes(indexes, projection.indexes)) {
    problems.push(`MongoDB deletes documents of ${collection} by the index ${index} (expireAfterSeconds)`);
  }
  const view = await findView(engine, projection.name);
  if (view.kind === 'missing') problems.push(`the view ${projection.name} is missing`);
  if (view.kind === 'collection') {
    problems.push(`${projection.name} is a plain collection, where a view belongs`);
  }
  if (view.kind === 'view' && view.on !== collection) {
    problems.push(`the view ${projection.name} shows ${view.on} instead of ${collection}`);
  }
  return problems;
}
