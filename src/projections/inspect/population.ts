import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { hasCode } from '../../database/mongo-codes.js';
import type { ProjectionEngine } from '../engine.js';
import { liveGeneration } from '../generations/status.js';

/** MongoDB's "SnapshotUnavailable": a collection was made or changed a moment ago. */
const SNAPSHOT_UNAVAILABLE = 246;
const TRIES = 10;

/** How many documents there should be, and how many there are. */
export interface Population {
  expected: number;
  counted: number;
}

/**
 * Counts the documents of a live generation, and says how many its events make, both at one moment although the
 * service writes. Null where nothing is live.
 */
export async function populationOf(engine: ProjectionEngine, projection: string): Promise<Population | null> {
  for (let tries = 1; ; tries += 1) {
    const session = engine.client.startSession({ snapshot: true });
    try {
      const snapshot = { session, readConcern: new mongoose.mongo.ReadConcern('snapshot') };
      const live = liveGeneration(await engine.statuses.findOne({ _id: projection }, snapshot));
      if (live === null) return null;
      return {
        expected: Number(live.generation.documents),
        counted: await engine.slot(projection, live.slot).countDocuments({}, snapshot),
      };
    } catch (error) {
      if (!hasCode(error, SNAPSHOT_UNAVAILABLE) || tries === TRIES) throw error;
      await sleep(100);
    } finally {
      await session.endSession();
    }
  }
}
