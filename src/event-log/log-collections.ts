import mongoose, { type mongo } from 'mongoose';
import { CLAIMS_SENTINEL_ID } from '../database/collections.js';
import type { AlongsideCollection } from './append/append-request.js';
import type { EventDocument } from './event.js';
import type { LogHeadDocument } from './log-head.js';

/** A claim, or the sentinel (which has a count, no holder, and the time since when it is closed, if it is). */
export interface ClaimDocument {
  _id: string;
  family?: string;
  member?: string;
  /** Position of the event that made the claim. */
  position?: mongo.Long;
  count?: mongo.Long;
  closedSince?: Date;
}

/** Whether this is the sentinel, and an absent claim therefore one that nobody has. */
export function isOpenSentinel({ _id, closedSince }: ClaimDocument): boolean {
  return _id === CLAIMS_SENTINEL_ID && closedSince === undefined;
}

/** Undefined fields are left out, so that the bytes sent are the bytes that were hashed (P4). */
const LOG_OPTIONS: mongo.DbOptions = { readPreference: 'primary', ignoreUndefined: true };

/**
 * The collections of `<name>_log` as the native driver gives them: mongoose documents would change bytes.
 * Everything that is read is committed on a majority: nobody sees what a failover may take back (P3).
 */
export class LogCollections {
  readonly db: mongo.Db;
  readonly events: mongo.Collection<EventDocument>;
  readonly head: mongo.Collection<LogHeadDocument>;
  readonly claims: mongo.Collection<ClaimDocument>;

  constructor(
    readonly client: mongo.MongoClient,
    private readonly logDatabase: string,
    readConcern: 'majority' | 'local' = 'majority',
  ) {
    this.db = client.db(logDatabase, {
      ...LOG_OPTIONS,
      readConcern: new mongoose.mongo.ReadConcern(readConcern),
    });
    this.events = this.db.collection('events');
    this.head = this.db.collection('log_head');
    this.claims = this.db.collection('email_claims');
  }

  alongside(name: AlongsideCollection): mongo.Collection<{ _id: string }> {
    return this.db.collection(name);
  }

  /**
   * The same as they lie on the primary, whether a majority has confirmed it or not: to find out what stands in a
   * writer's way, never to answer anybody.
   */
  unconfirmed(): LogCollections {
    return new LogCollections(this.client, this.logDatabase, 'local');
  }
}
