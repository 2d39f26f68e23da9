import type { mongo } from 'mongoose';
import { connectDatabase } from '../../src/database/connect.js';
import { MONGO_CODE } from '../../src/database/mongo-codes.js';
import { readAtOneMoment, Snapshot } from '../../src/database/snapshot.js';
import { startForgetfulMongod, untilForgotten } from '../support/forgetful-mongod.js';
import type { OpenMongod } from '../support/open-mongod.js';

let mongod: OpenMongod;
let client: mongo.MongoClient;
let things: mongo.Collection<{ _id: number }>;
let snapshot: Snapshot;

beforeAll(async () => {
  mongod = await startForgetfulMongod();
  client = await connectDatabase(mongod.uri);
});
beforeEach(async () => {
  things = client.db('test').collection(`things-${Date.now()}`);
  await things.insertOne({ _id: 1 });
  snapshot = new Snapshot(client);
});
afterEach(() => snapshot.end());
afterAll(async () => {
  await client.close();
  await mongod.stop();
});

const count = (): Promise<number> => snapshot.read((at) => things.countDocuments({}, at));

describe('a snapshot', () => {
  it('shows one moment, whatever is written meanwhile', async () => {
    expect(await count()).toBe(1);
    await things.insertOne({ _id: 2 });
    expect(await count()).toBe(1);
  });

  it('shows a newer moment where MongoDB has forgotten the one before', async () => {
    expect(await count()).toBe(1);
    await things.insertOne({ _id: 2 });
    await untilForgotten(client);
    expect(await count()).toBe(2);
    await things.insertOne({ _id: 3 });
    expect(await count()).toBe(2);
  });

  it('is given up where reading alone takes longer than MongoDB remembers', async () => {
    let tries = 0;
    const reading = snapshot.read(async (at) => {
      tries += 1;
      await things.countDocuments({}, at);
      await untilForgotten(client);
      await things.countDocuments({}, at);
    });
    await expect(reading).rejects.toMatchObject({ code: MONGO_CODE.snapshotTooOld });
    expect(tries).toBe(1);
  });

  it('shows a newer moment where a collection was made after its own', async () => {
    expect(await count()).toBe(1);
    const later = client.db('test').collection<{ _id: number }>(`${things.collectionName}-later`);
    await later.createIndex({ thing: 1 });
    await later.insertOne({ _id: 1 });
    expect(await snapshot.read((at) => later.countDocuments({}, at))).toBe(1);
    expect(await readAtOneMoment(client, (at) => later.countDocuments({}, at))).toBe(1);
  });
});
