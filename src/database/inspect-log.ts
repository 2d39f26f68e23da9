import mongoose, { type mongo } from 'mongoose';
import { CLAIMS_REBUILD_ID, CLAIMS_SENTINEL_ID, LOG_HEAD_ID } from './collections.js';
import { logDatabaseOf } from './database-names.js';
import { found, RESTORE_LOG, together, type Inspection } from './finding.js';
import { inspectEventCount } from './inspect-event-count.js';
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

async function inspectHead(log: mongo.Db, session: mongo.ClientSession): Promise<Inspection> {
  const head = await log
    .collection<{ _id: string; position: number }>('log_head')
    .findOne({ _id: LOG_HEAD_ID }, { session });
  const last = await log
    .collection<{ _id: number }>('events')
    .findOne({}, { sort: { _id: -1 }, projection: { _id: 1 }, session });
  const lastPosition = last?._id ?? 0;
  const damaged = {
    code: 'log-damaged',
    remedy: RESTORE_LOG,
  };
  if (head === null) {
    return found('findings', {
      ...damaged,
      problem: `${log.databaseName}.log_head holds no head, and the last event has position ${lastPosition}`,
    });
  }
  if (head.position === lastPosition) return together([]);
  return found('findings', {
    ...damaged,
    problem: `the head of the log is at position ${head.position}, but its last event has position ${lastPosition}`,
  });
}

async function inspectClaims(log: mongo.Db, session: mongo.ClientSession): Promise<Inspection> {
  const claims = log.collection<{ _id: string; count?: number }>('email_claims');
  const isClaim = { _id: { $nin: [CLAIMS_SENTINEL_ID, CLAIMS_REBUILD_ID] } };
  const sentinel = await claims.findOne({ _id: CLAIMS_SENTINEL_ID }, { session });
  const [counted] = await claims
    .aggregate<{ claims: number }>([{ $match: isClaim }, { $count: 'claims' }], { session })
    .toArray();
  return inspectSentinel(sentinel?.count ?? null, counted?.claims ?? 0);
}

function inspectSentinel(expected: number | null, counted: number): Inspection {
  const remedy = 'run "family-accounts claims rebuild"; it works with the service stopped, too';
  if (expected === null) {
    // Without the sentinel nothing can be claimed twice: registrations answer 503 until it is back.
    return found('warnings', {
      code: 'claims-sentinel-missing',
      problem: `email_claims was wiped: its sentinel is missing, ${counted} claims are there, and registrations answer 503`,
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
