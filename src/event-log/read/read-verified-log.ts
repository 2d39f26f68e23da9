import mongoose from 'mongoose';
import { chainHash, GENESIS_HASH, rawBytes, splitStoredBytes } from '../../database/hash-chain.js';
import { LogDamaged } from '../errors.js';
import { toRecordedEvent } from '../event-bytes.js';
import type { EventDocument, RecordedEvent } from '../event.js';
import type { LogCollections } from '../log-collections.js';
import { toLogHead, type LogHead } from '../log-head.js';

const { BSON, Long } = mongoose.mongo;

/** Events per page, as in read-log.ts. */
const PAGE = 1_000;

/** A place in the chain: the events up to `position` lead to `hash`. */
export type ChainPoint = Pick<LogHead, 'position' | 'hash'>;

/** Before the first event. */
export const CHAIN_START: ChainPoint = { position: 0, hash: GENESIS_HASH };

/**
 * The head, and the last event is not beyond it, both at one moment.
 * @throws LogDamaged where the head is missing or behind.
 */
export async function readHeadAtEnd({ client, events, head }: LogCollections): Promise<LogHead> {
  const session = client.startSession({ snapshot: true });
  try {
    const found = toLogHead(await head.findOne({ _id: 'head' }, { session }));
    const last = await events.findOne({}, { sort: { _id: -1 }, projection: { _id: 1 }, session });
    const end = Number(last?._id ?? 0);
    if (end > found.position) {
      throw new LogDamaged(`position ${end} lies beyond the head, which is at ${found.position}`);
    }
    return found;
  } finally {
    await session.endSession();
  }
}

/**
 * The log in order, as `readLog` gives it, with its hash chain verified over the bytes that are stored: the
 * events after `after`, one array per page, each yielded when it has proved to continue the chain, and in the
 * end the hash of `head`, which must be that of the last. Whoever goes on later passes position and hash of
 * the last event as the next `after`.
 * @throws LogDamaged that names the first position that is missing, was changed, or is not what the head says.
 */
export async function* readVerifiedLog(
  collections: LogCollections,
  head: LogHead,
  after: ChainPoint = CHAIN_START,
): AsyncGenerator<RecordedEvent[]> {
  let { position, hash } = after;
  if (head.position < position) {
    throw new LogDamaged(`the head went back from position ${position} to ${head.position}`);
  }
  while (position < head.position) {
    const until = Math.min(head.position, position + PAGE);
    const stored = await collections.events
      .find({ _id: { $gt: Long.fromNumber(position), $lte: Long.fromNumber(until) } }, { raw: true })
      .sort({ _id: 1 })
      .toArray();
    const page: RecordedEvent[] = [];
    for (const document of stored) {
      const event = verifyNext(rawBytes(document), position + 1, hash);
      ({ position, hash } = event);
      page.push(event);
    }
    if (position !== until) throw new LogDamaged(`position ${position + 1} is missing`);
    yield page;
  }
  if (!hash.equals(head.hash)) {
    throw new LogDamaged(`the head has another hash than the event at position ${position}`);
  }
}

/** The hash is that of the bytes as they are stored: a decoded event encoded again need not have them. */
function verifyNext(raw: Buffer, expected: number, previousHash: Buffer): RecordedEvent {
  const event = decode(raw, expected);
  const { position } = event;
  if (position !== expected) throw new LogDamaged(`position ${Math.min(expected, position)} is missing`);
  const split = splitStoredBytes(raw);
  if (split === null) throw new LogDamaged(`the event at position ${position} does not end with its hash`);
  if (!chainHash(previousHash, split.body).equals(split.hash)) {
    throw new LogDamaged(`the event at position ${position} does not continue the chain`);
  }
  return event;
}

function decode(raw: Buffer, expected: number): RecordedEvent {
  let document: EventDocument;
  try {
    document = BSON.deserialize(raw) as EventDocument;
  } catch (error) {
    throw new LogDamaged(`what was read for position ${expected} cannot be decoded (${String(error)})`);
  }
  return toRecordedEvent(document);
}
