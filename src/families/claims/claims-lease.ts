import { randomUUID } from 'node:crypto';
import type { mongo } from 'mongoose';
import { CLAIMS_REBUILD_ID } from '../../database/collections.js';
import { hasCode, MONGO_CODE } from '../../database/mongo-codes.js';
import type { LogCollections } from '../../event-log/log-collections.js';

/** A rebuild that has shown no sign of life for this long is taken for dead; in milliseconds. */
const LEASE_MS = 60_000;

/** Another process is rebuilding the claims. */
export class ClaimsLeaseTaken extends Error {
  constructor(until: Date) {
    super(`Another process is rebuilding the claims; if it has died, try again after ${until.toISOString()}`);
    this.name = 'ClaimsLeaseTaken';
  }
}

/** Somebody else changed what only this rebuild may change; it has stopped, and opened nothing. */
export class ClaimsRebuildDisturbed extends Error {
  constructor(what: string) {
    super(`The claims could not be put back: ${what}`);
    this.name = 'ClaimsRebuildDisturbed';
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
  private readonly owner = randomUUID();
  private renewedAt = performance.now();

  private constructor(
    private readonly client: mongo.MongoClient,
    private readonly leases: mongo.Collection<LeaseDocument>,
    private readonly leaseMs: number,
  ) {}

  /** @throws ClaimsLeaseTaken where another process holds it */
  static async take(log: LogCollections, leaseMs = LEASE_MS): Promise<ClaimsLease> {
    const leases = log.db.collection<LeaseDocument>('email_claims');
    const lease = new ClaimsLease(log.client, leases, leaseMs);
    const { owner } = lease;
    const until = lease.nextEnd();
    const expired = await leases.updateOne(
      { _id: CLAIMS_REBUILD_ID, until: { $lt: new Date() } },
      { $set: { owner, until } },
    );
    if (expired.matchedCount === 1) return lease;
    const held = await leases.findOne({ _id: CLAIMS_REBUILD_ID });
    if (held !== null) throw new ClaimsLeaseTaken(held.until);
    try {
      await leases.insertOne({ _id: CLAIMS_REBUILD_ID, owner, until });
    } catch (error) {
      // Two that arrive at once: `_id` lets one in, the other is told to try again.
      if (hasCode(error, MONGO_CODE.duplicateKey)) throw new ClaimsLeaseTaken(until);
      throw error;
    }
    return lease;
  }

  /**
   * Says that the holder is alive, where a sixth of the lease has passed since it last did: to be called often
   * by whatever takes long and does not write. @throws ClaimsRebuildDisturbed where the lease is gone
   */
  async keepAlive(): Promise<void> {
    if (performance.now() - this.renewedAt < this.leaseMs / 6) return;
    await this.renew();
  }

  /**
   * Carries out `work` in a transaction that only the holder of the lease can commit.
   * @throws ClaimsRebuildDisturbed where the lease is gone
   */
  async write(work: (session: mongo.ClientSession) => Promise<void>): Promise<void> {
    await this.client.withSession((session) =>
      session.withTransaction(
        async () => {
          await this.renew(session);
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

  /** Gives the lease up: in the holder's last transaction, or for whatever reason it stops before that. */
  async end(session?: mongo.ClientSession): Promise<void> {
    await this.leases.deleteOne(this.mine(), session === undefined ? {} : { session });
  }

  private async renew(session?: mongo.ClientSession): Promise<void> {
    const renewed = { $set: { until: this.nextEnd() } };
    const held = await this.leases.updateOne(this.mine(), renewed, session === undefined ? {} : { session });
    if (held.matchedCount === 0) {
      throw new ClaimsRebuildDisturbed('another rebuild took over, or they were wiped meanwhile');
    }
    this.renewedAt = performance.now();
  }

  private mine(): { _id: string; owner: string } {
    return { _id: CLAIMS_REBUILD_ID, owner: this.owner };
  }

  private nextEnd(): Date {
    return new Date(Date.now() + this.leaseMs);
  }
}
