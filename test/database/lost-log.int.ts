import mongoose from 'mongoose';
import { initialiseDatabase } from '../../src/database/initialise.js';
import { sampleEvent } from '../support/sample-event.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { documents, familyKey } from '../support/try-rights.js';

const { Long } = mongoose.mongo;

let database: TestDatabase;

beforeEach(async () => (database = await createTestDatabase()));
afterEach(() => database.drop());

const log = () => database.rootClient.db(database.logName);
const collections = async () => (await log().listCollections().toArray()).map(({ name }) => name).sort();
const initialise = (mark?: string) =>
  initialiseDatabase(database.rootClient, database.name, database.passwords, [], undefined, mark);
const forgetUsers = () => log().command({ dropAllUsersFromDatabase: 1 });

/** What a service that was started left in its database. */
async function serve(): Promise<void> {
  await documents(log(), 'installation').insertOne({ _id: 'service-secret', fingerprint: 'f' });
  await log().collection('events').insertOne(sampleEvent(1));
  await documents(log(), 'family_keys').insertOne(familyKey('family-1'));
}

async function wipe(...names: string[]): Promise<void> {
  for (const name of names) await log().collection(name).deleteMany({});
}

describe('a log that was lost', () => {
  it('is not begun anew where events and head were removed, whatever else is left', async () => {
    await serve();
    await forgetUsers();
    for (const left of ['family_keys', 'installation', 'email_claims']) {
      await wipe('events', 'log_head');

      await expect(initialise()).rejects.toThrow(
        `${database.logName} has no head of the log, although there is something in `,
      );
      expect(await log().collection('log_head').countDocuments()).toBe(0);
      await wipe(left);
    }
  });

  it('is not begun anew where everything was removed but the users, who are made last', async () => {
    await serve();
    await wipe(...(await collections()));

    await expect(initialise()).rejects.toThrow('although its user "service" is there');
    expect(await log().collection('log_head').countDocuments()).toBe(0);
  });

  it('is not begun anew where its database was dropped, and nothing is made in it', async () => {
    await log().dropDatabase();

    await expect(initialise()).rejects.toMatchObject({
      name: 'UserFacingError',
      message: expect.stringContaining('Nothing was changed') as string,
      remedies: expect.arrayContaining([
        expect.stringContaining('from a backup'),
        expect.stringContaining('"database init"'),
      ]) as string[],
    });
    expect(await collections()).toEqual([]);
  });

  it('is not begun anew where even the users are gone, and only the data folder remembers it', async () => {
    await log().dropDatabase();
    await forgetUsers();

    await expect(initialise('/data/family_accounts.begun')).rejects.toThrow(
      'although /data/family_accounts.begun says that it was begun',
    );
    expect(await collections()).toEqual([]);
  });

  it('is set up again, with its users, once it was restored', async () => {
    await serve();
    const stored = await log().collection('log_head').find({}, { promoteValues: false }).toArray();
    await log().collection('log_head').deleteMany({});
    await expect(initialise()).rejects.toThrow('has no head of the log');

    await log().collection('log_head').insertMany(stored);
    await initialise('/data/family_accounts.begun');
  });
});

describe('a set-up that was cut short', () => {
  it('is finished: between the head and the sentinel nothing was ever claimed', async () => {
    await wipe('email_claims');
    await initialise();
    expect(await documents(log(), 'email_claims').find().toArray()).toEqual([{ _id: '#claims', count: 0 }]);
  });

  it('is none where the head has moved: no sentinel says that nothing was claimed', async () => {
    await wipe('email_claims');
    await documents(log(), 'log_head').updateOne({ _id: 'head' }, { $set: { position: Long.fromNumber(5) } });
    await initialise();
    expect(await log().collection('email_claims').countDocuments()).toBe(0);
  });
});
