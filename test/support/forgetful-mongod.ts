import { setTimeout as sleep } from 'node:timers/promises';
import mongoose, { type mongo } from 'mongoose';
import { hasCode, MONGO_CODE } from '../../src/database/mongo-codes.js';
import { startOpenMongod, type OpenMongod } from './open-mongod.js';
import { withMongoClient } from './with-mongo-client.js';

/** One that keeps moments to read at for a second, and not for the usual five minutes. */
export async function startForgetfulMongod(): Promise<OpenMongod> {
  const mongod = await startOpenMongod();
  await withMongoClient(mongod.uri, (client) =>
    client.db('admin').command({ setParameter: 1, minSnapshotHistoryWindowInSeconds: 1 }),
  );
  return mongod;
}

/** Resolves when nothing can be read any more as it was before the call. */
export async function untilForgotten(client: mongo.MongoClient): Promise<void> {
  const ticks = client.db('ticks').collection('ticks');
  await ticks.insertOne({});
  const session = client.startSession({ snapshot: true });
  try {
    for (;;) {
      await ticks.findOne({}, { session, readConcern: new mongoose.mongo.ReadConcern('snapshot') });
      // What is kept is counted back from the last write.
      await ticks.insertOne({});
      await sleep(100);
    }
  } catch (error) {
    if (!hasCode(error, MONGO_CODE.snapshotTooOld)) throw error;
  } finally {
    await session.endSession();
  }
}
