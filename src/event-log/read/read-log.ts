import mongoose from 'mongoose';
import { toRecordedEvent } from '../event-bytes.js';
import type { RecordedEvent } from '../event.js';
import { LogDamaged } from '../errors.js';
import type { LogCollections } from '../log-collections.js';
import { toLogHead, type LogHead } from '../log-head.js';

const { Long, ReadConcern } = mongoose.mongo;

/** Events per page: the log is read by position in pages, never through one long cursor that may expire. */
export const EVENTS_PER_PAGE = 1_000;

/** The committed end of the log. @throws LogDamaged where the head is missing. */
export async function readHead({ head }: LogCollections): Promise<LogHead> {
  return toLogHead(await head.findOne({ _id: 'head' }));
}

/**
 * The committed end of the log with everything that was acknowledged before this was called, whatever happens to
 * primaries meanwhile. It costs the primary a write that a majority has to confirm.
 * @throws LogDamaged where the head is missing; MongoServerError (a time limit) after `waitMs` milliseconds
 */
export async function readHeadForSure({ head }: LogCollections, waitMs: number): Promise<LogHead> {
  const readConcern = new ReadConcern('linearizable');
  return toLogHead(await head.findOne({ _id: 'head' }, { readConcern, maxTimeMS: waitMs }));
}

/**
 * The log in order: positions `after` + 1 … `upTo` (default: the head when the reading began), one array per
 * page. Nothing beyond the head counts, nothing is skipped.
 * @throws LogDamaged where a position is missing.
 */
export async function* readLog(
  collections: LogCollections,
  { after = 0, upTo }: { after?: number; upTo?: number } = {},
): AsyncGenerator<RecordedEvent[]> {
  const last = upTo ?? (await readHead(collections)).position;
  let position = after;
  while (position < last) {
    const until = Math.min(last, position + EVENTS_PER_PAGE);
    const documents = await collections.events
      .find({ _id: { $gt: Long.fromNumber(position), $lte: Long.fromNumber(until) } })
      .sort({ _id: 1 })
      .toArray();
    const page = documents.map(toRecordedEvent);
    page.forEach((event, index) => requireNext(position + 1 + index, event.position));
    requireNext(until + 1, position + page.length + 1);
    yield page;
    position = until;
  }
}

function requireNext(expected: number, found: number): void {
  if (found !== expected) throw new LogDamaged(`position ${Math.min(expected, found)} is missing`);
}
