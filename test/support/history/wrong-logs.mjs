// Writers that do it wrong on purpose: control runs show that the checker of histories finds out.
import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { writeClaims } from '../../../dist/event-log/append/claim-writes.js';
import { insertAll } from '../../../dist/event-log/append/insert-all.js';
import { chainEvents } from '../../../dist/event-log/event-bytes.js';
import { toLogHead } from '../../../dist/event-log/log-head.js';

/** Acknowledges what the primary alone has. */
export function acknowledgeEarly(client) {
  const startSession = client.startSession.bind(client);
  client.startSession = (options) => {
    const session = startSession(options);
    const startTransaction = session.startTransaction.bind(session);
    session.startTransaction = (transaction) =>
      startTransaction({ ...transaction, writeConcern: { w: 1, journal: true } });
    return session;
  };
}

/**
 * Takes its positions from the head first, for good, and stores its events in a transaction of their own later:
 * the order of positions is not that of commits.
 */
export function takePositionsOutside(log, collections, pauseMs) {
  log.append = async ({ stream, expectedVersion, events, meta, now, alongside = [] }) => {
    const { client, db, head } = collections;
    const before = await head.findOneAndUpdate(
      { _id: 'head' },
      { $inc: { position: mongoose.mongo.Long.fromNumber(events.length) } },
      { returnDocument: 'before' },
    );
    await sleep(pauseMs);
    const placed = events.map((event, index) => ({
      ...{ event, stream, version: expectedVersion + 1 + index, meta, now },
    }));
    const { documents, head: after } = chainEvents(toLogHead(before), placed);
    const session = client.startSession();
    try {
      session.startTransaction({ readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } });
      await insertAll(db, 'events', documents, session);
      for (const { collection, document } of alongside) await insertAll(db, collection, [document], session);
      await writeClaims(collections, session, placed, after.position - events.length + 1);
      await session.commitTransaction();
    } finally {
      await session.endSession();
    }
    return { position: after.position, version: expectedVersion + events.length, at: after.at };
  };
}
