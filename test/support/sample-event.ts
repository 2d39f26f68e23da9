import mongoose, { type mongo } from 'mongoose';

const { Binary, Long } = mongoose.mongo;

/** A stored event of the right shape at this position, chained to nothing: for tests of the database alone. */
export function sampleEvent(position: number): mongo.Document {
  return {
    _id: Long.fromNumber(position),
    stream: `family-${position}`,
    version: 1,
    type: 'FamilyRegistered',
    schema: 1,
    at: new Date(0),
    data: {},
    meta: { actor: 'a', commandId: 'b', correlationId: 'c', causationId: 'd' },
    hash: new Binary(Buffer.alloc(32)),
  };
}
