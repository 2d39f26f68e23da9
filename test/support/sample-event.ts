import type { mongo } from 'mongoose';
import { chainEvents, GENESIS_HASH } from '../../src/event-log/event-bytes.js';

/** A stored event of the right shape at this position, chained to zeros: for tests of the database alone. */
export function sampleEvent(position: number): mongo.Document {
  return sampleChain(position, 1)[0] ?? {};
}

/** Stored events from this position on, each chained to the one before, the first to zeros. */
export function sampleChain(from: number, count: number): mongo.Document[] {
  const placed = Array.from({ length: count }, (_, index) => ({
    event: { type: 'FamilyRegistered', schema: 1, data: {} },
    stream: `family-${from + index}`,
    version: 1,
    meta: { actor: 'a', commandId: 'b', correlationId: 'c', causationId: 'd' },
    now: new Date(0),
  }));
  return chainEvents({ position: from - 1, hash: GENESIS_HASH, at: new Date(0) }, placed).documents.map(
    (document) => ({ ...document }),
  );
}
