import { setTimeout as sleep } from 'node:timers/promises';
import mongoose, { type mongo } from 'mongoose';
import { CLAIMS_SENTINEL_ID } from '../src/database/collections.js';
import type { AppendRequest } from '../src/event-log/append/append-request.js';
import { chainEvents } from '../src/event-log/event-bytes.js';
import type { LogCollections } from '../src/event-log/log-collections.js';
import { headFields, toLogHead } from '../src/event-log/log-head.js';

const { Long, MongoError } = mongoose.mongo;

/** The longest pause after a write conflict. With 10, 30, 100 ms, or doubling from 10, 64 callers got less done. */
const PAUSE_MS = 300;

/**
 * The same guarantees without group commit, as they are usually written: one transaction per command through
 * the one head document, tried again after every write conflict after a random pause.
 */
export async function appendInTransactionOfItsOwn(
  collections: LogCollections,
  request: AppendRequest,
): Promise<void> {
  const session = collections.client.startSession();
  try {
    for (;;) {
      try {
        await appendOnce(collections, session, request);
        return;
      } catch (error) {
        if (session.inTransaction()) await session.abortTransaction();
        if (!(error instanceof MongoError && error.hasErrorLabel('TransientTransactionError'))) throw error;
        await sleep(Math.random() * PAUSE_MS);
      }
    }
  } finally {
    await session.endSession();
  }
}

async function appendOnce(
  { head, events, claims }: LogCollections,
  session: mongo.ClientSession,
  { stream, expectedVersion, events: news, meta, now }: AppendRequest,
): Promise<void> {
  session.startTransaction({
    readConcern: { level: 'snapshot' },
    writeConcern: { w: 'majority', journal: true },
    readPreference: 'primary',
  });
  const before = toLogHead(
    await head.findOneAndUpdate(
      { _id: 'head' },
      { $inc: { position: Long.fromNumber(news.length) } },
      { session, returnDocument: 'before' },
    ),
  );
  const placed = news.map((event, index) => ({
    event,
    stream,
    version: expectedVersion + 1 + index,
    meta,
    now,
  }));
  const chained = chainEvents(before, placed);
  await events.insertMany(chained.documents, { session });
  const made = news.flatMap(({ claims: changes = [] }, index) =>
    changes.map(({ value, holder }) => ({
      _id: value,
      ...holder,
      position: Long.fromNumber(before.position + 1 + index),
    })),
  );
  await claims.insertMany(made, { session });
  await claims.updateOne(
    { _id: CLAIMS_SENTINEL_ID },
    { $inc: { count: Long.fromNumber(made.length) } },
    { session },
  );
  await head.updateOne({ _id: 'head' }, { $set: headFields(chained.head) }, { session });
  await session.commitTransaction();
}
