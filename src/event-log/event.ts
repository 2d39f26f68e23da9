import type { mongo } from 'mongoose';

/** The expected version of a stream that does not exist yet; the first event of a stream has version 1. */
export const NO_STREAM = 0;

/** Who caused an event, in which command, and what it hangs together with (P8). */
export interface EventMeta {
  /** `member:<id>`, `operator:<id>` or `system:<part>`. */
  actor: string;
  /** One command, one id: by it a writer recognises its own events after an unknown outcome. */
  commandId: string;
  /** The same for everything that one request from outside set off. */
  correlationId: string;
  /** The id of what directly caused this: the request, or the event a reaction answers. */
  causationId: string;
}

/** A unique value that an event takes for its stream, or gives back. */
export interface ClaimChange {
  kind: 'make' | 'release';
  /** The claimed value, already canonical: it is compared byte by byte. */
  value: string;
  holder: { family: string; member: string };
}

/** An event as a caller hands it to `append`: position, version, time and hash come from the log. */
export interface NewEvent {
  type: string;
  /** The shape's number; a changed shape gets the next one and an upcaster. */
  schema: number;
  /** What is not personal. Plain JSON values and dates; undefined fields are left out. */
  data: Record<string, unknown>;
  /** Personal data and free text, sealed under the family's key (privacy/seal.ts). */
  sealed?: Uint8Array;
  claims?: readonly ClaimChange[];
}

/** An event as the log holds it, decoded. */
export interface RecordedEvent {
  /** Place in the log: 1…head without gaps. */
  position: number;
  stream: string;
  /** Place in the stream: 1…n without gaps. */
  version: number;
  type: string;
  schema: number;
  /** Never earlier than the `at` of the position before. */
  at: Date;
  data: Record<string, unknown>;
  sealed?: Buffer;
  meta: EventMeta;
  /** 32 bytes; see event-bytes.ts. */
  hash: Buffer;
}

/**
 * The stored document. Field names and their order are part of what is hashed and stored for good:
 * `_id` first (MongoDB would move it there), `hash` last.
 */
export interface EventDocument {
  _id: mongo.Long;
  stream: string;
  version: number;
  type: string;
  schema: number;
  at: Date;
  data: Record<string, unknown>;
  sealed?: mongo.Binary;
  meta: EventMeta;
  hash: mongo.Binary;
}
