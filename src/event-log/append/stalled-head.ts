import mongoose, { type mongo } from 'mongoose';

/** A writer holds the head for milliseconds; one that holds it this long has died or hangs. */
const STALLED_AFTER_MICROS = 1_500_000;

/**
 * Ends transactions of this service's own user that have been open for over 1.5 s: a process killed
 * between moving the head and committing would otherwise hold up every other writer until the server
 * expires its transaction. Needs no extra right: a user sees and kills its own sessions. A writer that was
 * merely slow loses its transaction, is told so and tries again.
 * Returns how many sessions were ended.
 */
export async function endStalledTransactions(client: mongo.MongoClient): Promise<number> {
  // The aggregation takes no other read concern, and would inherit the connection's.
  const admin = client.db('admin', { readConcern: new mongoose.mongo.ReadConcern('local') });
  const idle = await admin
    .aggregate<{ lsid?: { id: mongo.UUID }; transaction: { timeOpenMicros?: mongo.Long | number } }>([
      { $currentOp: { allUsers: false, idleSessions: true } },
      { $match: { type: 'idleSession', transaction: { $exists: true } } },
    ])
    .toArray();
  const sessions = idle
    .filter(({ transaction }) => Number(transaction.timeOpenMicros ?? 0) > STALLED_AFTER_MICROS)
    .flatMap(({ lsid }) => (lsid === undefined ? [] : [{ id: lsid.id }]));
  if (sessions.length > 0) await admin.command({ killSessions: sessions });
  return sessions.length;
}

/**
 * Ends one session, and with it a transaction whose commit may never have reached the server: it has
 * committed by then or never will, and holds up nobody. One that is gone already is no error.
 */
export async function endSessionOnServer(
  client: mongo.MongoClient,
  session: mongo.ClientSession,
): Promise<void> {
  if (session.id !== undefined) await client.db('admin').command({ killSessions: [session.id] });
}
