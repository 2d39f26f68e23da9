import mongoose, { type mongo } from 'mongoose';

const { MongoNetworkError, MongoServerError, MongoUnexpectedServerResponseError } = mongoose.mongo;

/** Elections and shutdowns, as MongoDB numbers them: the same read passes elsewhere, or a moment later. */
const PASSES_ON_SECOND_TRY = new Set([6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);
/** BSON's element types that occur in a reply to `find` (bsonspec.org). */
const TAG = { string: 0x02, document: 0x03, array: 0x04, boolean: 0x08, long: 0x12 } as const;
/** An empty document: its length and its end. */
const SHORTEST_DOCUMENT = 5;

/** What a `find` is to give. `limit` is required: one reply holds it all, or 16 MB of it. */
export interface RawFind {
  readonly filter?: mongo.Document;
  readonly projection?: mongo.Document;
  readonly sort?: mongo.Document;
  readonly hint?: mongo.Document;
  readonly min?: mongo.Document;
  readonly limit: number;
}

/** Documents as the server sent them, in one piece: nothing is decoded, and nothing copied. */
export interface RawBatch {
  readonly bytes: Buffer;
  /** Where each document begins; its first four bytes are its length. */
  readonly starts: readonly number[];
  /** Where the last one ends. */
  readonly end: number;
}

/**
 * One reply's worth of documents as bytes. The driver's own cursor makes several objects of each document even
 * where it is asked for bytes, and collecting those costs more than reading. Fewer than `limit` documents are not
 * the end: a reply ends at 16 MB, too. No documents are.
 * @param session in whose snapshot to read; without one what is committed on a majority is read
 * @throws MongoUnexpectedServerResponseError for a reply whose parts do not fit together
 */
export async function findRaw(
  { db, collectionName }: Pick<mongo.Collection, 'db' | 'collectionName'>,
  { limit, ...find }: RawFind,
  session?: mongo.ClientSession,
): Promise<RawBatch> {
  const command = {
    find: collectionName,
    ...find,
    limit,
    batchSize: limit,
    singleBatch: true,
    ...(session === undefined ? { readConcern: { level: 'majority' } } : {}),
  };
  const read = (): Promise<mongo.Document> =>
    db.command({ ...command }, { raw: true, ...(session === undefined ? {} : { session }) });
  let reply: mongo.Document;
  try {
    reply = await read();
  } catch (error) {
    if (session !== undefined || !passesOnSecondTry(error)) throw error;
    reply = await read();
  }
  return documentsOf(reply['cursor'] as Buffer);
}

/** As the driver does it for cursors. */
function passesOnSecondTry(error: unknown): boolean {
  return (
    error instanceof MongoNetworkError ||
    (error instanceof MongoServerError && PASSES_ON_SECOND_TRY.has(Number(error.code)))
  );
}

/** The documents in the `cursor` of a reply: `{firstBatch: [...], id, ns}`, in whatever order. */
function documentsOf(cursor: Buffer): RawBatch {
  const end = cursor.length - 1;
  let offset = 4;
  while (offset < end) {
    const tag = cursor[offset];
    const at = afterName(cursor, offset, end);
    if (tag === TAG.array) return elementsOf(cursor, at, at + lengthAt(cursor, at, end));
    offset = at + sizeOf(cursor, tag, at, end);
  }
  throw broken('it holds no documents, not even none');
}

function elementsOf(bytes: Buffer, array: number, next: number): RawBatch {
  const starts: number[] = [];
  const end = next - 1;
  let offset = array + 4;
  while (offset < end) {
    // Its name is its place in the array, in digits.
    const at = afterName(bytes, offset, end);
    if (bytes[offset] !== TAG.document) throw broken(`it holds an element of type ${bytes[offset]}`);
    starts.push(at);
    offset = at + lengthAt(bytes, at, end);
  }
  return { bytes, starts, end };
}

/** Where an element's value begins. */
function afterName(bytes: Buffer, offset: number, end: number): number {
  let at = offset + 1;
  while (at < end && bytes[at] !== 0) at += 1;
  return at + 1;
}

/** The length of a document, which ends before `end`. */
function lengthAt(bytes: Buffer, at: number, end: number): number {
  const length = at + 4 > end ? 0 : bytes.readInt32LE(at);
  if (length < SHORTEST_DOCUMENT || at + length > end) throw broken(`a document of ${length} bytes`);
  return length;
}

function sizeOf(bytes: Buffer, tag: number | undefined, at: number, end: number): number {
  if (tag === TAG.long) return 8;
  if (tag === TAG.boolean) return 1;
  if (tag === TAG.string) return 4 + Math.max(0, at + 4 > end ? 0 : bytes.readInt32LE(at));
  if (tag === TAG.document) return lengthAt(bytes, at, end);
  throw broken(`it holds an element of type ${tag}`);
}

/** As the driver calls it: another server, or another try, may do better. */
function broken(what: string): Error {
  return new MongoUnexpectedServerResponseError(`A reply to find is broken: ${what}`);
}
