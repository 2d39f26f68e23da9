import type { mongo } from 'mongoose';
import { chainEvents, GENESIS_HASH } from '../../src/event-log/event-bytes.js';

/** A stored event of the right shape at this position, chained to zeros: for tests of the database alone. */
export function sampleEvent(position: number): mongo.Document {
  const { documents } = chainEvents({ position: position - 1, hash: GENESIS_HASH, at: new Date(0) }, [
    {
      event: { type: 'FamilyRegistered', schema: 1, data: {} },
      stream: `family-${position}`,
      version: 1,
      meta: { actor: 'a', commandId: 'b', correlationId: 'c', causationId: 'd' },
      now: new Date(0),
    },
  ]);
  return { ...documents[0] };
}
