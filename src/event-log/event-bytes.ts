import mongoose from 'mongoose';
import { chainHash } from '../database/hash-chain.js';
import type { EventDocument, EventMeta, NewEvent, RecordedEvent } from './event.js';
import type { LogHead } from './log-head.js';

// They lie in database/ because a start checks the end of the chain before there is a log.
export { chainHash, GENESIS_HASH, splitStoredBytes } from '../database/hash-chain.js';

const { Binary, BSON, Long } = mongoose.mongo;

/** An event with its place in log and stream, ready to be given its hash. */
export interface PlacedEvent {
  event: NewEvent;
  stream: string;
  version: number;
  meta: EventMeta;
  /** The command's own time; the log's monotonic time may move it forward. */
  now: Date;
}

/**
 * Gives each event its position, time and hash, in order, on top of `head`.
 * Returns the documents to insert and the head after them. `at` never goes back (P3).
 */
export function chainEvents(
  head: LogHead,
  placed: readonly PlacedEvent[],
): { documents: EventDocument[]; head: LogHead } {
  let { position, hash } = head;
  let at = head.at.getTime();
  const documents = placed.map(({ event, stream, version, meta, now }) => {
    position += 1;
    at = Math.max(at, now.getTime());
    const body = {
      _id: Long.fromNumber(position),
      stream,
      version,
      type: event.type,
      schema: event.schema,
      at: new Date(at),
      data: event.data,
      ...(event.sealed === undefined ? {} : { sealed: new Binary(event.sealed) }),
      meta: {
        actor: meta.actor,
        commandId: meta.commandId,
        correlationId: meta.correlationId,
        causationId: meta.causationId,
      },
    };
    hash = chainHash(hash, BSON.serialize(body, { ignoreUndefined: true }));
    return { ...body, hash: new Binary(hash) };
  });
  return { documents, head: { position, hash, at: new Date(at) } };
}

/** The decoded form of a stored event, for readers that want values and not bytes. */
export function toRecordedEvent(document: EventDocument): RecordedEvent {
  const { _id, sealed, hash, ...rest } = document;
  return {
    position: Number(_id),
    ...rest,
    ...(sealed === undefined ? {} : { sealed: Buffer.from(sealed.buffer) }),
    hash: Buffer.from(hash.buffer),
  };
}
