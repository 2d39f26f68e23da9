import type { mongo } from 'mongoose';
import { CLAIMS_REBUILD_ID } from '../../database/collections.js';
import type { LogCollections } from '../../event-log/log-collections.js';

/** A rebuild that has not written for this long is taken for dead; in milliseconds. */
const LEASE_MS = 60_000;

/** Another process is rebuilding the claims. */
export class ClaimsLeaseTaken extends Error {
  constructor(until: Date) {
    super(`Another process is rebuilding the claims; if it has died, try again after ${until.toISOString()}`);
    this.name = 'ClaimsLeaseTaken';
  }
}

interface LeaseDocument {
  _id: string;
  owner: string;
  until: Date;
}

/**
 * One rebuild of the claims at a time. Every transaction of the holder moves the lease first: a holder that
 * was taken for dead writes nothing any more.
 */
export class ClaimsLease {
  private constructor(
    private readonly client: mongo.MongoClient,
    private readonly leases: mongo.Collection<LeaseDocument>,
    private readonly owner: string,
  ) {}

  /** @throws ClaimsLeaseTaken */
  static async take(log: LogCollections, owner: string): Promise<ClaimsLease> {
    const leases = log.db.collection<LeaseDocument>('email_claims');
    const lease = new ClaimsLease(log.client, leases, owner);
    const until = new Date(Date.now() + LEASE_MS);
    const expired = await leases.updateOne(
      { _id: CLAIMS_REBUILD_ID, until: { $lt: new Date() } },
      { $set: { owner, until } },
    );
    if (expired.matchedCount === 1) return lease;
    const held = await leases.findOne({ _id: CLAIMS_REBUILD_ID });
    if (held !== null) throw new ClaimsLeaseTaken(held.until);
    // Two that arrive at once: `_id` lets one in, the other meets a duplicate key and is told to try again.
    await leases.insertOne({ _id: CLAIMS_REBUILD_ID, owner, until }).catch(() => {
      throw new ClaimsLeaseTaken(until);
    });
    return lease;
  }

  /** Carries out `work` in a transaction that only the holder of the lease can commit. */
  async write(work: (session: mongo.ClientSession) => Promise<void>): Promise<void> {
    await this.client.withSession((session) =>
      session.withTransaction(
        async () => {
          const until = new Date(Date.now() + LEASE_MS);
          const mine = { _id: CLAIMS_REBUILD_ID, owner: this.owner };
          const held = await this.leases.updateOne(mine, { $set: { until } }, { session });
          if (held.matchedCount === 0) throw new ClaimsLeaseTaken(until);
          await work(session);
        },
        {
          readConcern: { level: 'snapshot' },
          writeConcern: { w: 'majority', journal: true },
          readPreference: 'primary',
          maxCommitTimeMS: 10_000,
        },
      ),
    );
  }

  /** Gives the lease up, in the holder's last transaction (see `write`). */
  async end(session: mongo.ClientSession): Promise<void> {
    await this.leases.deleteOne({ _id: CLAIMS_REBUILD_ID, owner: this.owner }, { session });
  }
}
