import { LogDamaged } from '../errors.js';

/** Stands for a field that is not there. No value begins at the first byte. */
export const NOWHERE = 0;

/** BSON's element types that fields of an event have (bsonspec.org). */
const TAG = { string: 0x02, document: 0x03, binary: 0x05, date: 0x09, int32: 0x10, int64: 0x12 } as const;

/** The fields of an event in the order in which they are stored, each with its place in what `locateEvent` finds. */
export const FIELD = {
  _id: 0,
  stream: 1,
  version: 2,
  type: 3,
  schema: 4,
  at: 5,
  data: 6,
  sealed: 7,
  meta: 8,
  hash: 9,
} as const;
const NAMES = Object.keys(FIELD).map((name) => Buffer.from(`${name}\0`, 'latin1'));
/** What each field is of: another type has other bytes, and another hash. */
const TAGS = Uint8Array.of(
  TAG.int64,
  TAG.string,
  TAG.int32,
  TAG.string,
  TAG.int32,
  TAG.date,
  TAG.document,
  TAG.binary,
  TAG.document,
  TAG.binary,
);

/** An empty document: its length and its end. */
const SHORTEST_DOCUMENT = 5;
/** A binary's length and subtype, before its bytes. */
const BINARY_HEADER = 5;
const HASH_BYTES = 32;

/** What was read where an event should be is none of ours: it is damaged, or somebody put it there. */
export class NotAnEvent extends LogDamaged {
  /** @param position where it says that it lies; undefined where it does not say */
  constructor(what: string, position?: number) {
    super(
      `${position === undefined ? 'what was read from it' : `what lies at position ${position}`} is no event: ${what}`,
    );
  }
}

/** Filled anew by each call: an object for each of a million events would be garbage at once. */
const found = new Int32Array(NAMES.length);

/**
 * Finds where the value of each field of a stored event begins, in an event that is whole or as a projection left
 * it. Fields are looked for in the order they are stored in; in another order they count as foreign. Nothing is
 * believed: a field that is not of its type, or does not end where it must, is refused.
 * @returns the places by `FIELD`, good until the next call
 * @throws NotAnEvent
 */
export function locateEvent(bytes: Buffer, start: number): Int32Array {
  found.fill(NOWHERE);
  const end = endOf(bytes, start);
  let offset = start + 4;
  let field = 0;
  while (offset < end) {
    let name = NAMES[field];
    while (name !== undefined && !isNamed(bytes, offset + 1, name)) name = NAMES[(field += 1)];
    if (name === undefined) throw refuse(bytes, `it has a field "${nameAt(bytes, offset + 1, end)}"`);
    const at = offset + 1 + name.length;
    if (bytes[offset] !== TAGS[field]) {
      throw refuse(bytes, `its "${nameOf(field)}" is of BSON type ${bytes[offset]}`);
    }
    offset = at + sizeOf(bytes, field, at, end);
    if (offset > end) throw refuse(bytes, `its "${nameOf(field)}" does not end in it`);
    found[field] = at;
    field += 1;
  }
  if (found[FIELD._id] === NOWHERE || found[FIELD.type] === NOWHERE) {
    throw refuse(bytes, 'it has no position or type');
  }
  return found;
}

/** An int64 as a number; exact up to 2^53, and no position is beyond. */
export function int64At(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readInt32LE(at + 4) * 2 ** 32;
}

/** Where the document's last byte is, which ends it. */
function endOf(bytes: Buffer, start: number): number {
  const length = start + SHORTEST_DOCUMENT > bytes.length ? 0 : bytes.readInt32LE(start);
  const end = start + length - 1;
  if (length < SHORTEST_DOCUMENT || end >= bytes.length || bytes[end] !== 0) {
    throw new NotAnEvent('its bytes were cut off');
  }
  return end;
}

/** Bytes of a field's value; more than there are where it says nonsense of itself. */
function sizeOf(bytes: Buffer, field: number, at: number, end: number): number {
  const tag = TAGS[field];
  if (tag === TAG.int64 || tag === TAG.date) return 8;
  if (tag === TAG.int32) return 4;
  if (at + 4 > end) return Infinity;
  const length = bytes.readInt32LE(at);
  if (tag === TAG.string) return isEnded(bytes, at + 4 + length, length, 1) ? 4 + length : Infinity;
  if (tag === TAG.document) return isEnded(bytes, at + length, length, SHORTEST_DOCUMENT) ? length : Infinity;
  const isOk = field === FIELD.hash ? length === HASH_BYTES : length >= 0;
  return isOk ? BINARY_HEADER + length : Infinity;
}

function isEnded(bytes: Buffer, next: number, length: number, shortest: number): boolean {
  return length >= shortest && bytes[next - 1] === 0;
}

function isNamed(bytes: Buffer, at: number, name: Buffer): boolean {
  for (let index = 0; index < name.length; index += 1) {
    if (bytes[at + index] !== name[index]) return false;
  }
  return true;
}

function refuse(bytes: Buffer, what: string): NotAnEvent {
  const position = found[FIELD._id] ?? NOWHERE;
  return new NotAnEvent(what, position === NOWHERE ? undefined : int64At(bytes, position));
}

function nameOf(field: number): string {
  return NAMES[field]?.toString('latin1').slice(0, -1) ?? '';
}

function nameAt(bytes: Buffer, at: number, end: number): string {
  const until = bytes.indexOf(0, at);
  return bytes.toString('utf8', at, until === -1 || until > end ? end : until);
}
