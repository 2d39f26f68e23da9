import mongoose from 'mongoose';
import { chainHash } from '../database/hash-chain.js';
import { LogDamaged } from './errors.js';
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

/**
 * The decoded form of a stored event, for readers that want values and not bytes.
 * @throws LogDamaged for a document that is no event: root can store anything
 */
export function toRecordedEvent(document: EventDocument): RecordedEvent {
  const { _id, sealed, hash, ...rest } = document;
  const position = Number(_id);
  if (!isEvent(document)) throw new LogDamaged(`what lies at position ${position} is no event`);
  return {
    position,
    ...rest,
    ...(sealed === undefined ? {} : { sealed: Buffer.from(sealed.buffer) }),
    hash: Buffer.from(hash.buffer),
  };
}

/** Whether a document has what every event has: what its readers would stumble over later otherwise. */
function isEvent(document: { [Field in keyof EventDocument]?: unknown }): boolean {
  const { _id, stream, version, type, schema, at, data, sealed, meta, hash } = document;
  return (
    (typeof _id === 'number' || _id instanceof Long) &&
    typeof stream === 'string' &&
    typeof version === 'number' &&
    typeof type === 'string' &&
    typeof schema === 'number' &&
    at instanceof Date &&
    isDocument(data) &&
    isDocument(meta) &&
    hash instanceof Binary &&
    (sealed === undefined || sealed instanceof Binary)
  );
}

function isDocument(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
