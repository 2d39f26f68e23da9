import { setTimeout as sleep } from 'node:timers/promises';
import mongoose, { type mongo } from 'mongoose';

const { MongoError } = mongoose.mongo;

/** Set on every transaction: inherited defaults differ from server to server. */
const TRANSACTION_OPTIONS: mongo.TransactionOptions = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', journal: true },
  readPreference: 'primary',
};

/**
 * Carries out `work` in one transaction, again while it meets conflicts or elections, until `deadlineMs` have
 * passed. `work` may run several times and has no effect outside. The driver's `withTransaction` goes on for
 * 120 s whatever the caller wants.
 * @throws what `work` throws, and the last error once the deadline has passed: then it may have been stored
 */
export async function inTransaction<T>(
  client: mongo.MongoClient,
  deadlineMs: number,
  work: (session: mongo.ClientSession) => Promise<T>,
): Promise<T> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    const session = client.startSession();
    try {
      session.startTransaction(TRANSACTION_OPTIONS);
      const result = await work(session);
      await commit(session, until);
      return result;
    } catch (error) {
      if (session.inTransaction()) await session.abortTransaction().catch(() => undefined);
      const again = error instanceof MongoError && error.hasErrorLabel('TransientTransactionError');
      if (!again || performance.now() > until) throw error;
      await sleep(2 + Math.random() * 8);
    } finally {
      await session.endSession().catch(() => undefined);
    }
  }
}

async function commit(session: mongo.ClientSession, until: number): Promise<void> {
  for (;;) {
    try {
      return await session.commitTransaction();
    } catch (error) {
      const unknown = error instanceof MongoError && error.hasErrorLabel('UnknownTransactionCommitResult');
      if (!unknown || performance.now() > until) throw error;
    }
  }
}
