import type { mongo } from 'mongoose';
import { CLAIMS_SENTINEL_ID, LOG_HEAD_ID } from './collections.js';
import { logDatabaseOf } from './database-names.js';

/** The server and what it holds, in numbers. */
export interface DatabaseStatus {
  version: string;
  replicaSet: string;
  primary: string | null;
  /** Position of the head; null where there is none, and the log is damaged. */
  head: number | null;
  /** Time of the last event; null in an empty log. */
  at: Date | null;
  events: number;
  claims: number;
  /** Null where the claims were wiped. */
  sentinel: number | null;
  /** Since when the claims wait to be put back; null where they do not. */
  claimsClosedSince: Date | null;
}

/** Looks at the server as any user of ours; changes nothing. */
export async function databaseStatus(client: mongo.MongoClient, name: string): Promise<DatabaseStatus> {
  const log = client.db(logDatabaseOf(name));
  const claims = log.collection<{ _id: string; count?: mongo.Long; closedSince?: Date }>('email_claims');
  const [build, hello, head, stored, sentinel] = await Promise.all([
    client.db('admin').command({ buildInfo: 1 }),
    client.db('admin').command({ hello: 1 }),
    log.collection<{ _id: string; position: mongo.Long; at: Date }>('log_head').findOne({ _id: LOG_HEAD_ID }),
    claims.countDocuments({ family: { $exists: true } }),
    claims.findOne({ _id: CLAIMS_SENTINEL_ID }),
  ]);
  const position = head === null ? null : Number(head.position);
  const events = await countEvents(log, position);
  return {
    version: String(build['version']),
    replicaSet: String(hello['setName']),
    primary: typeof hello['primary'] === 'string' ? hello['primary'] : null,
    head: position,
    at: head === null || position === 0 ? null : head.at,
    events,
    claims: stored,
    sentinel: sentinel?.count === undefined ? null : Number(sentinel.count),
    claimsClosedSince: sentinel?.closedSince ?? null,
  };
}

/** The number MongoDB keeps may be off after a crash: where it does not fit the head all events are counted. */
async function countEvents(log: mongo.Db, expected: number | null): Promise<number> {
  const kept = await log.collection('events', { readConcern: { level: 'local' } }).estimatedDocumentCount();
  return kept === expected ? kept : log.collection('events').countDocuments({}, { hint: '_id_' });
}
