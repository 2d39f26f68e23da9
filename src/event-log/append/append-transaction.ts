import mongoose, { type mongo } from 'mongoose';
import type { Appended } from './append-request.js';
import type { PendingAppend } from './batch.js';
import { insertAll } from './insert-all.js';
import { writeClaims } from './claim-writes.js';
import { chainEvents, type PlacedEvent } from '../event-bytes.js';
import type { LogCollections } from '../log-collections.js';
import { headFields, toLogHead, type LogHead } from '../log-head.js';

const { Long } = mongoose.mongo;

/**
 * How long a transaction's end waits for its majority, in milliseconds. A commit that is not confirmed by then is
 * looked up like any other whose answer was lost. An abort waits as well, for nothing, and the driver's own limit
 * would hold the writer up for ten seconds.
 */
const CONFIRMED_WITHIN_MS = 1_000;

/** Set on every transaction: inherited defaults differ from server to server (P11). */
const TRANSACTION: mongo.TransactionOptions = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: CONFIRMED_WITHIN_MS },
  readPreference: 'primary',
};

/** What one try would store, known as soon as the head is ours. */
export interface Attempt {
  batch: readonly PendingAppend[];
  /** In the order of the batch. */
  appended: Appended[];
  /** The head it found and the head it leaves. */
  before: LogHead;
  head: LogHead;
  /** From the moment the commit is sent, an error no longer tells whether it happened. */
  commitSent: boolean;
}

/** Where an attempt starts from. */
export interface AttemptStart {
  /** The head as this process left it, to be believed where nobody else seems to write; or null. */
  remembered: LogHead | null;
  /** An earlier attempt whose commit was sent and whose outcome nobody knows. */
  uncertain: Attempt | null;
  /** Called when the head is ours: the attempt is on its way. */
  onPlaced(attempt: Attempt): void;
}

export type AttemptOutcome = 'committed' | 'uncertain-was-committed';

/**
 * One transaction for a whole batch: the head first (that serialises writers across processes), then the
 * events, what is stored alongside, the claims; one commit. Nothing is swallowed: every error leaves the
 * transaction aborted.
 *
 * An uncertain earlier attempt is looked up *after* the head is ours: from then on the earlier transaction
 * can no longer commit, so what the look-up finds is final.
 */
export async function attemptAppend(
  collections: LogCollections,
  session: mongo.ClientSession,
  batch: readonly PendingAppend[],
  start: AttemptStart,
): Promise<AttemptOutcome> {
  session.startTransaction(TRANSACTION);
  const placed = placeEvents(batch);

  let before = start.remembered;
  let chained =
    start.uncertain === null ? await moveRememberedHead(collections, session, placed, start) : null;
  const headIsFinal = chained !== null;
  if (before === null || chained === null) {
    before = await takeHead(collections, session, placed.length);
    if (start.uncertain !== null && (await wasCommitted(collections, session, start.uncertain))) {
      await session.abortTransaction();
      return 'uncertain-was-committed';
    }
    chained = chainEvents(before, placed);
  }

  const attempt: Attempt = {
    batch,
    appended: whereAppended(batch, chained.documents),
    before,
    head: chained.head,
    commitSent: false,
  };
  start.onPlaced(attempt);
  await insertAll(collections.db, 'events', chained.documents, session);
  await insertAlongside(collections, session, batch);
  await writeClaims(collections, session, placed, chained.head.position - placed.length + 1);
  if (!headIsFinal) {
    await collections.head.updateOne({ _id: 'head' }, { $set: headFields(chained.head) }, { session });
  }
  attempt.commitSent = true;
  await session.commitTransaction();
  return 'committed';
}

function placeEvents(batch: readonly PendingAppend[]): PlacedEvent[] {
  return batch.flatMap(({ request: { stream, expectedVersion, meta, now, events } }) =>
    events.map((event, index) => ({ event, stream, version: expectedVersion + 1 + index, meta, now })),
  );
}

/** One operation instead of two, where this process wrote last and everything can be computed beforehand. */
async function moveRememberedHead(
  collections: LogCollections,
  session: mongo.ClientSession,
  placed: readonly PlacedEvent[],
  { remembered }: AttemptStart,
): Promise<ReturnType<typeof chainEvents> | null> {
  if (remembered === null) return null;
  const chained = chainEvents(remembered, placed);
  const { position, hash } = headFields(remembered);
  const moved = await collections.head.updateOne(
    { _id: 'head', position, hash },
    { $set: headFields(chained.head) },
    { session },
  );
  return moved.matchedCount === 1 ? chained : null;
}

/** Moves the head by `events` and returns what it was; a concurrent writer gets a write conflict. */
async function takeHead(
  { head }: LogCollections,
  session: mongo.ClientSession,
  events: number,
): Promise<LogHead> {
  const before = await head.findOneAndUpdate(
    { _id: 'head' },
    { $inc: { position: Long.fromNumber(events) } },
    { session, returnDocument: 'before' },
  );
  return toLogHead(before);
}

async function wasCommitted(
  { events }: LogCollections,
  session: mongo.ClientSession,
  uncertain: Attempt,
): Promise<boolean> {
  const found = await events.findOne(
    { _id: Long.fromNumber(uncertain.head.position) },
    { session, projection: { hash: 1 } },
  );
  // The hash covers every byte of the attempt, its command ids included, and all before it.
  return found !== null && uncertain.head.hash.equals(Buffer.from(found.hash.buffer));
}

async function insertAlongside(
  collections: LogCollections,
  session: mongo.ClientSession,
  batch: readonly PendingAppend[],
): Promise<void> {
  for (const name of ['family_keys', 'idempotency_keys'] as const) {
    const documents = batch.flatMap(({ request }) =>
      (request.alongside ?? [])
        .filter(({ collection }) => collection === name)
        .map(({ document }) => document),
    );
    if (documents.length > 0) await insertAll(collections.db, name, documents, session);
  }
}

function whereAppended(
  batch: readonly PendingAppend[],
  documents: ReturnType<typeof chainEvents>['documents'],
): Appended[] {
  let index = -1;
  return batch.map(({ request }) => {
    index += request.events.length;
    const last = documents[index];
    if (last === undefined) throw new RangeError('A batch and its documents differ in length');
    return { position: Number(last._id), version: last.version, at: last.at };
  });
}
