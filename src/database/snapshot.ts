import { setTimeout as sleep } from 'node:timers/promises';
import mongoose, { type mongo } from 'mongoose';
import { hasCode, MONGO_CODE } from './mongo-codes.js';

const TRIES = 10;
const PAUSE_MS = 100;

/**
 * Reads as of one moment of the database, whatever is written meanwhile. MongoDB keeps a moment for some minutes
 * (`minSnapshotHistoryWindowInSeconds`, 300 s): where it is gone by the time it is read, a newer one takes its place.
 */
export class Snapshot {
  private session: mongo.ClientSession;
  /** Nothing has been read yet: the moment is that of the first read. */
  private isNew = true;

  constructor(private readonly client: mongo.MongoClient) {
    this.session = client.startSession({ snapshot: true });
  }

  /**
   * Reads as of this moment; where that cannot be read, all of it again as of a newer one. So `work` begins anew each
   * time it is called, and does not rely on what an earlier call has read.
   * @throws what `work` throws; MongoDB's SnapshotTooOld where `work` alone takes longer than a moment is kept
   */
  async read<T>(work: (at: mongo.FindOptions) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      const { isNew } = this;
      this.isNew = false;
      try {
        const readConcern = new mongoose.mongo.ReadConcern('snapshot');
        return await work({ session: this.session, readConcern });
      } catch (error) {
        const isTooOld = hasCode(error, MONGO_CODE.snapshotTooOld) && !isNew;
        // A collection was made or changed just then.
        const isUnavailable = hasCode(error, MONGO_CODE.snapshotUnavailable) && tries < TRIES;
        if (!isTooOld && !isUnavailable) throw error;
        await this.renew();
        if (isUnavailable) await sleep(PAUSE_MS);
      }
    }
  }

  async end(): Promise<void> {
    await this.session.endSession();
  }

  private async renew(): Promise<void> {
    await this.end();
    this.session = this.client.startSession({ snapshot: true });
    this.isNew = true;
  }
}

/** The same for what is read once. */
export async function readAtOneMoment<T>(
  client: mongo.MongoClient,
  work: (at: mongo.FindOptions) => Promise<T>,
): Promise<T> {
  const snapshot = new Snapshot(client);
  try {
    return await snapshot.read(work);
  } finally {
    await snapshot.end();
  }
}
