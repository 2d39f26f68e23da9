/** Stands for a field that is not there. No value begins at the first byte. */
export const NOWHERE = 0;

/** BSON's element types that events are made of (bsonspec.org). */
const TAG = { string: 0x02, document: 0x03, array: 0x04, binary: 0x05 } as const;
/** Bytes of a value, by its type; 0 for those that begin with their length, or that no event has. */
const FIXED_BYTES = new Uint8Array(256);
for (const [tag, bytes] of [
  [0x01, 8],
  [0x07, 12],
  [0x08, 1],
  [0x09, 8],
  [0x10, 4],
  [0x11, 8],
  [0x12, 8],
] as const) {
  FIXED_BYTES[tag] = bytes;
}

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

/** The document holds something that no event of ours does. */
class NotAnEvent extends Error {
  constructor(what: string) {
    super(`These bytes are no event: ${what}`);
    this.name = 'NotAnEvent';
  }
}

/** Filled anew by each call: an object for each of a million events would be garbage at once. */
const found = new Int32Array(NAMES.length);

/**
 * Finds where the value of each field of a stored event begins, in an event that is whole or as a projection left
 * it. Fields are looked for in the order they are stored in; in another order they count as foreign.
 * @returns the places by `FIELD`, good until the next call
 * @throws NotAnEvent
 */
export function locateEvent(bytes: Buffer, start: number): Int32Array {
  found.fill(NOWHERE);
  const end = start + bytes.readInt32LE(start) - 1;
  let offset = start + 4;
  let field = 0;
  while (offset < end) {
    let name = NAMES[field];
    while (name !== undefined && !isNamed(bytes, offset + 1, name)) name = NAMES[(field += 1)];
    if (name === undefined) throw new NotAnEvent(`it has a field "${nameAt(bytes, offset + 1)}"`);
    const at = offset + 1 + name.length;
    found[field] = at;
    offset = at + sizeOf(bytes, bytes[offset] ?? 0, at);
    field += 1;
  }
  if (found[FIELD._id] === NOWHERE || found[FIELD.type] === NOWHERE) {
    throw new NotAnEvent('it has no position or type');
  }
  return found;
}

function isNamed(bytes: Buffer, at: number, name: Buffer): boolean {
  for (let index = 0; index < name.length; index += 1) {
    if (bytes[at + index] !== name[index]) return false;
  }
  return true;
}

function nameAt(bytes: Buffer, at: number): string {
  return bytes.toString('utf8', at, bytes.indexOf(0, at));
}

function sizeOf(bytes: Buffer, tag: number, at: number): number {
  const fixed = FIXED_BYTES[tag] ?? 0;
  if (fixed > 0) return fixed;
  switch (tag) {
    case TAG.string:
      return 4 + bytes.readInt32LE(at);
    case TAG.document:
    case TAG.array:
      return bytes.readInt32LE(at);
    case TAG.binary:
      return 5 + bytes.readInt32LE(at);
    default:
      throw new NotAnEvent(`it has an element of type ${tag}`);
  }
}
