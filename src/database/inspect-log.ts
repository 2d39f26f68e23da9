import mongoose, { type mongo } from 'mongoose';
import { CLAIMS_REBUILD_ID, CLAIMS_SENTINEL_ID } from './collections.js';
import { logDatabaseOf } from './database-names.js';
import { found, together, type Inspection } from './finding.js';
import { inspectEventCount } from './inspect-event-count.js';
import { inspectHead } from './inspect-head.js';
import { inspectSpelling, type CanonicalForm } from './inspect-spelling.js';

/**
 * Looks whether head, events and claims fit together, all at one moment: other processes may be writing.
 * Reads every claim once.
 */
export async function inspectLog(
  client: mongo.MongoClient,
  name: string,
  canonicalForm: CanonicalForm,
): Promise<Inspection> {
  // Not a transaction: one that takes long would be taken for a dead writer's.
  const session = client.startSession({ snapshot: true });
  try {
    const log = client.db(logDatabaseOf(name), { readConcern: new mongoose.mongo.ReadConcern('snapshot') });
    const head = await inspectHead(log, session);
    return together([
      head,
      // Of a log whose ends do not meet, the number of events says nothing more.
      head.findings.length > 0 ? together([]) : await inspectEventCount(log, session),
      await inspectClaims(log, session),
      await inspectSpelling(log, session, canonicalForm),
      await inspectKeys(log, session),
    ]);
  } finally {
    await session.endSession();
  }
}

async function inspectClaims(log: mongo.Db, session: mongo.ClientSession): Promise<Inspection> {
  const claims = log.collection<SentinelDocument>('email_claims');
  const isClaim = { _id: { $nin: [CLAIMS_SENTINEL_ID, CLAIMS_REBUILD_ID] } };
  const sentinel = await claims.findOne({ _id: CLAIMS_SENTINEL_ID }, { session });
  const [counted] = await claims
    .aggregate<{ claims: number }>([{ $match: isClaim }, { $count: 'claims' }], { session })
    .toArray();
  return inspectSentinel(sentinel, counted?.claims ?? 0);
}

interface SentinelDocument {
  _id: string;
  count?: number;
  closedSince?: Date;
}

function inspectSentinel(sentinel: SentinelDocument | null, counted: number): Inspection {
  const remedy = 'run "family-accounts claims rebuild"; it works with the service stopped, too';
  if (sentinel === null) {
    // Without the sentinel nothing can be claimed twice: registrations answer 503 until it is back.
    return found('warnings', {
      code: 'claims-sentinel-missing',
      problem: `email_claims was wiped: its sentinel is missing, ${counted} claims are there, and registrations answer 503`,
      remedy,
    });
  }
  const { count: expected = 0, closedSince } = sentinel;
  if (closedSince !== undefined) {
    return found('warnings', {
      code: 'claims-closed',
      problem: `email_claims is closed since ${closedSince.toISOString()}: a rebuild of the claims is under way or did not finish, and registrations answer 503`,
      remedy,
    });
  }
  if (expected === counted) return together([]);
  // With it, an address whose claim is gone could be claimed by a second family.
  return found('findings', {
    code: 'claims-count-wrong',
    problem: `email_claims should hold ${expected} claims and holds ${counted}`,
    remedy,
  });
}

async function inspectKeys(log: mongo.Db, session: mongo.ClientSession): Promise<Inspection> {
  const sealed = await log
    .collection('events')
    .findOne({ sealed: { $exists: true } }, { session, projection: { _id: 1 } });
  const key = await log.collection('family_keys').findOne({}, { session, projection: { _id: 1 } });
  if (sealed === null || key !== null) return together([]);
  return found('warnings', {
    code: 'family-keys-missing',
    problem: `${log.databaseName}.family_keys is empty, and events are sealed: no family of theirs can be read`,
    remedy: 'restore family_keys from a backup; without it personal data is lost for good',
  });
}
