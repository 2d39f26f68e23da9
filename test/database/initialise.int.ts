import mongoose from 'mongoose';
import { initialiseDatabase } from '../../src/database/initialise.js';
import { COLLECTIONS, databaseOf } from '../../src/database/collections.js';
import { roleName } from '../../src/database/roles.js';
import { recordingReporter } from '../support/recording-reporter.js';
import { sampleEvent } from '../support/sample-event.js';
import { bareTestDatabase, createTestDatabase, type TestDatabase } from '../support/test-database.js';

const { Binary } = mongoose.mongo;

let database: TestDatabase;

afterEach(() => database.drop());

function initialise(reporter = recordingReporter()): Promise<string[]> {
  return initialiseDatabase(
    database.rootClient,
    database.name,
    database.passwords,
    ['families'],
    reporter,
  ).then(() => reporter.lines);
}

describe('making a database', () => {
  it('makes every collection, the head at position 0 and the sentinel at 0', async () => {
    database = await createTestDatabase();
    const log = database.rootClient.db(database.logName);

    for (const spec of COLLECTIONS) {
      const found = await database.rootClient
        .db(databaseOf(spec, database.name))
        .listCollections({ name: spec.name })
        .toArray();
      expect(found).toHaveLength(1);
    }
    expect(await log.collection('log_head').find().toArray()).toEqual([
      { _id: 'head', position: 0, hash: new Binary(Buffer.alloc(32)), at: new Date(0) },
    ]);
    expect(await log.collection('email_claims').find().toArray()).toEqual([{ _id: '#claims', count: 0 }]);
  });

  it('changes nothing and says nothing the second time', async () => {
    database = await bareTestDatabase();
    expect(await initialise()).not.toEqual([]);
    const before = await everything();
    expect(await initialise()).toEqual([]);
    expect(await everything()).toEqual(before);
  });

  it('succeeds in four processes at once on a new server name', async () => {
    database = await bareTestDatabase();
    await Promise.all([initialise(), initialise(), initialise(), initialise()]);
    expect(await initialise()).toEqual([]);
  });

  it('brings an outdated validator, an outdated role and another password up to date', async () => {
    database = await createTestDatabase();
    const { rootClient, name, logName } = database;
    await rootClient.db(logName).command({ collMod: 'events', validator: {} });
    await rootClient.db('admin').command({ updateRole: roleName('service', name), privileges: [] });
    await rootClient.db(logName).command({ updateUser: 'service', pwd: 'another' });

    expect(await initialise()).toEqual([`Gave ${logName}.events its validator`]);

    const service = await database.clientAs('service');
    expect(await service.db(logName).collection('events').countDocuments()).toBe(0);
  });
});

describe('what is there already', () => {
  it('refuses events with one (stream, version) twice, and names it', async () => {
    database = await bareTestDatabase();
    await insertHead();
    await database.rootClient
      .db(database.logName)
      .collection<{ _id: number }>('events')
      .insertMany([1, 2, 3].map((_id) => ({ _id, stream: 'family-1', version: Math.min(_id, 2) })));

    const made = initialise();

    await expect(made).rejects.toThrow(
      `${database.logName}.events holds duplicates, so (stream, version) cannot be made unique: ` +
        'stream family-1, version 2 is in the documents 2, 3.',
    );
    await expect(made).rejects.toHaveProperty('name', 'UserFacingError');
  });

  it('refuses two claims of one member, and names them', async () => {
    database = await bareTestDatabase();
    await insertHead();
    await database.rootClient
      .db(database.logName)
      .collection<{ _id: string }>('email_claims')
      .insertMany(['a@example.org', 'b@example.org'].map((_id) => ({ _id, family: 'f', member: 'm' })));

    await expect(initialise()).rejects.toThrow(
      /family f, member m is in the documents a@example.org, b@example.org/,
    );
  });

  it('refuses a log that has events and no head', async () => {
    database = await createTestDatabase();
    await insertEvent();
    await database.rootClient.db(database.logName).collection('log_head').deleteMany({});

    await expect(initialise()).rejects.toThrow(/has no head of the log, although .*something in events/);
  });

  it('does not put the sentinel back on a log that has events', async () => {
    database = await createTestDatabase();
    await insertEvent();
    const claims = database.rootClient.db(database.logName).collection('email_claims');
    await claims.deleteMany({});

    await initialise();

    expect(await claims.countDocuments()).toBe(0);
  });

  it('refuses a view, a capped collection and an index of another shape in the place of ours', async () => {
    database = await bareTestDatabase();
    const log = database.rootClient.db(database.logName);
    await log.createCollection('events', { viewOn: 'elsewhere', pipeline: [] });
    await expect(initialise()).rejects.toThrow('events is a view, not a collection');

    await log.dropCollection('events');
    await log.createCollection('events', { capped: true, size: 4096 });
    await expect(initialise()).rejects.toThrow('events was made with the option "capped"');

    await log.dropCollection('events');
    await log.collection('events').createIndex({ stream: 1, version: 1 });
    await expect(initialise()).rejects.toThrow('has an index on (stream, version) already');
  });

  it('refuses a user without the rights for it', async () => {
    database = await createTestDatabase();
    const reader = await database.clientAs('reader');

    await expect(initialiseDatabase(reader, database.name, database.passwords, [])).rejects.toThrow(
      `This database user may not set up the database ${database.name}`,
    );
  });

  it.each(['', 'a'.repeat(39), 'a.b', 'a b', 'admin', '$x', 'a/b', 'home_log', 'a_LOG'])(
    'refuses the name "%s"',
    async (name) => {
      database = await bareTestDatabase();
      await expect(initialiseDatabase(database.rootClient, name, database.passwords, [])).rejects.toThrow(
        'cannot be the name of the database',
      );
    },
  );
});

async function insertHead(): Promise<void> {
  await database.rootClient
    .db(database.logName)
    .collection<{ _id: string }>('log_head')
    .insertOne({ _id: 'head' });
}

async function insertEvent(): Promise<void> {
  await database.rootClient.db(database.logName).collection('events').insertOne(sampleEvent(1));
}

async function everything(): Promise<unknown> {
  const { rootClient, name, logName } = database;
  const log = rootClient.db(logName);
  const { roles } = await rootClient
    .db('admin')
    .command({ rolesInfo: roleName('service', name), showPrivileges: true });
  const { users } = await log.command({ usersInfo: 1 });
  const collections = await log.listCollections().toArray();
  const documents = await Promise.all(
    COLLECTIONS.map(async (spec) => ({
      documents: await rootClient.db(databaseOf(spec, name)).collection(spec.name).find().toArray(),
      indexes: await rootClient.db(databaseOf(spec, name)).collection(spec.name).indexes(),
    })),
  );
  return { roles, users, collections: collections.sort((a, b) => a.name.localeCompare(b.name)), documents };
}
