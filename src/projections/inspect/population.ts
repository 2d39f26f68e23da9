import { readAtOneMoment } from '../../database/snapshot.js';
import type { ProjectionEngine } from '../engine.js';
import { liveGeneration } from '../generations/status.js';

/** How many documents there should be, and how many there are. */
export interface Population {
  expected: number;
  counted: number;
}

/**
 * Counts the documents of a live generation, and says how many its events make, both at one moment although the
 * service writes. Null where nothing is live.
 */
export function populationOf(engine: ProjectionEngine, projection: string): Promise<Population | null> {
  return readAtOneMoment(engine.client, async (at) => {
    const live = liveGeneration(await engine.statuses.findOne({ _id: projection }, at));
    if (live === null) return null;
    return {
      expected: Number(live.generation.documents),
      counted: await engine.slot(projection, live.slot).countDocuments({}, at),
    };
  });
}

/**
 * The same for whoever asks often: documents are counted only where MongoDB's own counter, which costs nothing, tells
 * another number than there should be. After a crash of the server that counter may be a little off, until the next count.
 */
export async function quickPopulationOf(
  engine: ProjectionEngine,
  projection: string,
): Promise<Population | null> {
  const live = liveGeneration(await engine.statuses.findOne({ _id: projection }));
  if (live === null) return null;
  const expected = Number(live.generation.documents);
  const counted = await engine.slot(projection, live.slot).estimatedDocumentCount();
  return counted === expected ? { expected, counted } : populationOf(engine, projection);
}
