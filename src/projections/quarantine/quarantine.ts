import type { mongo } from 'mongoose';
import mongoose from 'mongoose';

export const QUARANTINE_COLLECTION = 'projection_quarantine';

/** A stream that one generation of a projection does not follow any more, and why. */
export interface QuarantinedStream {
  /** `<projection>/<generation>/<stream>` */
  _id: string;
  projection: string;
  generation: number;
  stream: string;
  /** The first event that could not be taken; everything before it is in the documents. */
  position: mongo.Long;
  type: string;
  error: string;
  since: Date;
}

export type QuarantineCollection = mongo.Collection<QuarantinedStream>;

/** An event that could not be taken, and with it the rest of its stream. */
export interface ParkedStream {
  stream: string;
  position: number;
  type: string;
  error: string;
}

export function quarantineEntry(
  projection: string,
  generation: number,
  { stream, position, type, error }: ParkedStream,
  since: Date,
): QuarantinedStream {
  return {
    _id: `${projection}/${generation}/${stream}`,
    projection,
    generation,
    stream,
    position: mongoose.mongo.Long.fromNumber(position),
    type,
    error,
    since,
  };
}

/** The streams that are parked in this generation. */
export async function quarantinedStreams(
  quarantine: QuarantineCollection,
  projection: string,
  generation: number,
): Promise<Set<string>> {
  const parked = await quarantine.find({ projection, generation }, { projection: { stream: 1 } }).toArray();
  return new Set(parked.map(({ stream }) => stream));
}
