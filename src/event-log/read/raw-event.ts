import mongoose from 'mongoose';
import type { EventMeta, RecordedEvent } from '../event.js';
import { FIELD, int64At, locateEvent, NotAnEvent, NOWHERE } from './locate-event.js';

const { BSON } = mongoose.mongo;
/** Length and subtype before the bytes of a binary. */
const BINARY_HEADER = 5;

/**
 * A stored event over its raw bytes: what is not asked for is not decoded, nor copied. Reading many events costs a
 * fraction of what the driver's own decoding does, because most of an event (its sealed part, its ids) is looked
 * at by few readers.
 */
export class RawEvent implements RecordedEvent {
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  private readonly hashBinaryAt: number;
  private readonly schemaAt: number;
  private readonly atAt: number;
  private readonly dataAt: number;
  private readonly sealedAt: number;
  private readonly metaAt: number;

  /**
   * @param bytes a document, or many in one piece
   * @param start where this one begins
   * @param before the event read before it: one stream's events have its name from the first of them
   * @throws NotAnEvent
   */
  constructor(
    readonly bytes: Buffer,
    start = 0,
    before?: RawEvent,
  ) {
    const found = locateEvent(bytes, start);
    const at = (field: number): number => found[field] ?? NOWHERE;
    this.position = int64At(bytes, at(FIELD._id));
    this.stream = at(FIELD.stream) === NOWHERE ? '' : nameAt(bytes, at(FIELD.stream), before?.stream);
    this.version = at(FIELD.version) === NOWHERE ? 0 : bytes.readInt32LE(at(FIELD.version));
    this.type = stringAt(bytes, at(FIELD.type));
    this.schemaAt = at(FIELD.schema);
    this.atAt = at(FIELD.at);
    this.dataAt = at(FIELD.data);
    this.sealedAt = at(FIELD.sealed);
    this.metaAt = at(FIELD.meta);
    this.hashBinaryAt = at(FIELD.hash);
  }

  /** Where the 32 bytes of its hash begin in `bytes`. @throws NotAnEvent where it has none */
  get hashAt(): number {
    return this.present(this.hashBinaryAt, 'hash') + BINARY_HEADER;
  }

  get schema(): number {
    return this.bytes.readInt32LE(this.present(this.schemaAt, 'schema'));
  }

  get at(): Date {
    return new Date(int64At(this.bytes, this.present(this.atAt, 'at')));
  }

  /** What is not personal. @throws NotAnEvent where it cannot be decoded */
  get data(): Record<string, unknown> {
    return this.decode(this.dataAt, 'data');
  }

  get sealed(): Buffer | undefined {
    return this.sealedAt === NOWHERE ? undefined : binaryAt(this.bytes, this.sealedAt);
  }

  get meta(): EventMeta {
    // The collection's validator lets no other shape in.
    return this.decode(this.metaAt, 'meta') as unknown as EventMeta;
  }

  get hash(): Buffer {
    return binaryAt(this.bytes, this.present(this.hashBinaryAt, 'hash'));
  }

  private present(at: number, field: keyof typeof FIELD): number {
    if (at === NOWHERE) throw new NotAnEvent(`it has no "${field}"`, this.position);
    return at;
  }

  private decode(at: number, field: keyof typeof FIELD): Record<string, unknown> {
    const index = this.present(at, field);
    try {
      return BSON.deserialize(this.bytes, { index, allowObjectSmallerThanBufferSize: true });
    } catch (error) {
      throw new NotAnEvent(`its "${field}" cannot be decoded (${String(error)})`, this.position);
    }
  }
}

function stringAt(bytes: Buffer, at: number): string {
  return bytes.toString('utf8', at + 4, at + 4 + bytes.readInt32LE(at) - 1);
}

/** The string there, as the very one that was read before it where they are the same. */
function nameAt(bytes: Buffer, at: number, before = ''): string {
  const { length } = before;
  if (length === 0 || bytes.readInt32LE(at) !== length + 1) return stringAt(bytes, at);
  // Names differ at their end, if they do. A character beyond ASCII equals no single byte.
  for (let index = length - 1; index >= 0; index -= 1) {
    if (bytes[at + 4 + index] !== before.charCodeAt(index)) return stringAt(bytes, at);
  }
  return before;
}

function binaryAt(bytes: Buffer, at: number): Buffer {
  return bytes.subarray(at + BINARY_HEADER, at + BINARY_HEADER + bytes.readInt32LE(at));
}
