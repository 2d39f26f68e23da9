import mongoose from 'mongoose';
import { AppendTooLarge } from '../errors.js';
import type { EventMeta, NewEvent } from '../event.js';

/**
 * One transaction stays near 4 MB and 1,000 events: 60 MB worked in a second, 234 MB failed and took its
 * neighbours along.
 */
export const MAX_BATCH_BYTES = 4_000_000;
export const MAX_BATCH_EVENTS = 1_000;
/** An event without what its caller says in it: names of fields, numbers, times and hash. */
const ENVELOPE_BYTES = 250;

/** Collections that may receive a document in the transaction of the events. */
export type AlongsideCollection = 'family_keys' | 'idempotency_keys';

/** A document that becomes durable with the events or not at all. */
export interface StoredAlongside {
  collection: AlongsideCollection;
  document: { _id: string } & Record<string, unknown>;
}

/** What one caller wants to become true. */
export interface AppendRequest {
  stream: string;
  events: readonly NewEvent[];
  /** The version the caller decided on; `NO_STREAM` for a stream that must not exist yet. */
  expectedVersion: number;
  meta: EventMeta;
  /** The command's time. */
  now: Date;
  alongside?: readonly StoredAlongside[];
  /**
   * How long this append may wait, in milliseconds, for others to share its transaction; 0 unless given. For
   * callers who know that more are on their way: a transaction costs much, one more append in it little.
   */
  waitForCompanyMs?: number;
}

/** Where the events are now. `position` is that of the last one. */
export interface Appended {
  position: number;
  version: number;
  at: Date;
}

/** Bytes this append brings to a transaction. @throws AppendTooLarge, RangeError for a nonsensical version or time. */
export function measureAppend(request: AppendRequest): number {
  if (!Number.isInteger(request.expectedVersion) || request.expectedVersion < 0) {
    throw new RangeError(`An expected version is a whole number from 0, not ${request.expectedVersion}`);
  }
  // It would be stored as 1970, and time would have gone back.
  if (Number.isNaN(request.now.getTime())) throw new RangeError('The time of a command is a valid date');
  if (request.events.length === 0) throw new RangeError('An append holds at least one event');
  if (request.events.length > MAX_BATCH_EVENTS) {
    throw new AppendTooLarge(`${request.events.length} events`, `${MAX_BATCH_EVENTS}`);
  }
  const { BSON } = mongoose.mongo;
  // What surrounds each event's own fields: stream, author and ids, beside the envelope.
  const { stream, meta } = request;
  const around = ENVELOPE_BYTES + textBytes(stream, ...Object.values({ ...meta }));
  let bytes = 0;
  for (const { type, data, sealed, claims = [] } of request.events) {
    bytes += around + textBytes(type) + (sealed?.byteLength ?? 0) + BSON.calculateObjectSize(data);
    for (const { value } of claims) bytes += textBytes(value);
  }
  for (const { document } of request.alongside ?? []) bytes += BSON.calculateObjectSize(document);
  if (bytes > MAX_BATCH_BYTES) throw new AppendTooLarge(`${bytes} bytes`, `${MAX_BATCH_BYTES} bytes`);
  return bytes;
}

function textBytes(...texts: readonly string[]): number {
  return texts.reduce((bytes, text) => bytes + Buffer.byteLength(text), 0);
}
