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

/** No stream's name comes after it. */
const LAST_NAME = '\u{10FFFF}';

export type QuarantineCollection = mongo.Collection<QuarantinedStream>;

/** An event that could not be taken, and with it the rest of its stream. */
export interface ParkedStream {
  stream: string;
  position: number;
  type: string;
  error: string;
}

/** The entry of a stream in the quarantine of one generation: there is at most one. */
function entryId(projection: string, generation: number, stream: string): string {
  return `${projection}/${generation}/${stream}`;
}

export function quarantineEntry(
  projection: string,
  generation: number,
  { stream, position, type, error }: ParkedStream,
  since: Date,
): QuarantinedStream {
  return {
    _id: entryId(projection, generation, stream),
    projection,
    generation,
    stream,
    position: mongoose.mongo.Long.fromNumber(position),
    type,
    error,
    since,
  };
}

/** Whether any stream is parked in this generation. */
export async function hasParked(
  quarantine: QuarantineCollection,
  projection: string,
  generation: number,
): Promise<boolean> {
  return (await quarantine.findOne({ projection, generation }, { projection: { _id: 1 } })) !== null;
}

/** How many streams are parked in this generation. */
export function countParked(
  quarantine: QuarantineCollection,
  projection: string,
  generation: number,
): Promise<number> {
  return quarantine.countDocuments({ projection, generation });
}

/** Which entries are wanted. */
export interface ParkedWanted {
  /** Only streams whose names come after this one. */
  after?: string;
  /** Only this one. */
  stream?: string;
  /** How many at most. */
  limit: number;
}

/** Entries of this generation, in the order of their streams' names. */
export function parkedStreams(
  quarantine: QuarantineCollection,
  projection: string,
  generation: number,
  { after = '', stream, limit }: ParkedWanted,
): Promise<QuarantinedStream[]> {
  const idOf = (name: string): string => entryId(projection, generation, name);
  const one = stream === undefined ? {} : { $eq: idOf(stream) };
  return quarantine
    .find({ _id: { $gt: idOf(after), $lt: idOf(LAST_NAME), ...one } })
    .sort({ _id: 1 })
    .limit(limit)
    .toArray();
}

/** Says anew why a stream is parked, as long as it is. */
export async function changeError(
  quarantine: QuarantineCollection,
  { _id }: QuarantinedStream,
  error: string,
): Promise<void> {
  await quarantine.updateOne({ _id }, { $set: { error } });
}

/** Which of these streams are parked in this generation. There may be any number of others. */
export async function parkedAmong(
  quarantine: QuarantineCollection,
  projection: string,
  generation: number,
  streams: readonly string[],
): Promise<Set<string>> {
  const ids = streams.map((stream) => entryId(projection, generation, stream));
  const parked = await quarantine.find({ _id: { $in: ids } }, { projection: { stream: 1 } }).toArray();
  return new Set(parked.map(({ stream }) => stream));
}
