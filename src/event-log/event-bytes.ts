import { hash as digest } from 'node:crypto';
import mongoose from 'mongoose';
import type { EventDocument, EventMeta, NewEvent, RecordedEvent } from './event.js';
import type { LogHead } from './log-head.js';

const { Binary, BSON, Long } = mongoose.mongo;

/** Hash length in bytes, and the hash before the first event. */
const HASH_BYTES = 32;
export const GENESIS_HASH: Buffer = Buffer.alloc(HASH_BYTES);

/** BSON of the element `hash: Binary(32)`: tag, name and terminator, length, subtype, bytes. */
const HASH_ELEMENT_BYTES = 1 + 'hash\0'.length + 4 + 1 + HASH_BYTES;

/** `SHA-256(previous hash ‖ SHA-256(body))`, the body being the event's BSON before its hash (P4). */
export function chainHash(previousHash: Uint8Array, body: Uint8Array): Buffer {
  return digest('sha256', Buffer.concat([previousHash, digest('sha256', body, 'buffer')]), 'buffer');
}

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
 * Takes a stored event's raw bytes apart into the body that was hashed and the hash beside it.
 * Returns null where the last element is not a 32-byte binary named `hash`: then the bytes were tampered with.
 */
export function splitStoredBytes(raw: Uint8Array): { body: Buffer; hash: Buffer } | null {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const elementAt = bytes.length - 1 - HASH_ELEMENT_BYTES;
  if (elementAt < 5 || bytes.readInt32LE(0) !== bytes.length) return null;
  const element = bytes.subarray(elementAt, bytes.length - 1);
  const isHash =
    element[0] === 0x05 &&
    element.toString('latin1', 1, 6) === 'hash\0' &&
    element.readInt32LE(6) === HASH_BYTES &&
    element[10] === 0x00;
  if (!isHash) return null;
  const body = Buffer.concat([bytes.subarray(0, elementAt), Buffer.of(0)]);
  body.writeInt32LE(body.length, 0);
  return { body, hash: Buffer.from(element.subarray(11)) };
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
