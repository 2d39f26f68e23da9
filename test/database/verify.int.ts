import mongoose, { type mongo } from 'mongoose';
import { verifyDatabase } from '../../src/database/verify.js';
import { canonicalForm } from '../../src/families/claims/canonical-form.js';
import { sampleChain, sampleEvent } from '../support/sample-event.js';
import { bareTestDatabase, createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { documents } from '../support/try-rights.js';
import { refusalOf, verifyAsService } from '../support/verify-as-service.js';

const { Binary, Long } = mongoose.mongo;

let database: TestDatabase;
let log: mongo.Db;

beforeEach(async () => {
  database = await createTestDatabase();
  log = database.rootClient.db(database.logName);
});

afterEach(() => database.drop());

const verify = () => verifyAsService(database);
const refusal = () => refusalOf(database);

describe('a database in order', () => {
  it('passes without a warning', async () => {
    expect(await verify()).toEqual({ warnings: [] });
  });

  it('passes while claims and events are in it', async () => {
    const event = sampleEvent(1);
    await log.collection('events').insertOne(event);
    await moveHead(1, event['hash']);
    await claim('a@example.org');
    await setSentinel(1);
    expect(await verify()).toEqual({ warnings: [] });
  });
});

describe('structure', () => {
  it('names a missing collection', async () => {
    await log.dropCollection('idempotency_keys');
    const { codes, message } = await refusal();
    expect(codes).toEqual(['collection-missing']);
    expect(message).toContain(`collection ${database.logName}.idempotency_keys is missing`);
  });

  it('names the missing unique index, be it gone or no longer unique', async () => {
    await log.collection('events').dropIndex('stream_1_version_1');
    expect(await refusal()).toEqual({
      codes: ['index-missing'],
      message: expect.stringContaining('events lacks the unique index stream_1_version_1') as string,
    });
    await log.collection('events').createIndex({ stream: 1, version: 1 });
    expect((await refusal()).message).toContain('has another stream_1_version_1 than the unique index');
  });

  it('names a missing expiry, and one that would delete history', async () => {
    await log.collection('idempotency_keys').dropIndex('expiresAt_1');
    await log.collection('events').createIndex({ at: 1 }, { expireAfterSeconds: 60 });
    const { codes, message } = await refusal();
    expect(codes).toEqual(['index-deletes', 'index-missing']);
    expect(message).toContain('the index at_1 on');
    expect(message).toContain('lacks the index expiresAt_1 with expireAfterSeconds 0');
  });

  it('names a validator that is gone, other, or only warns', async () => {
    await log.command({ collMod: 'events', validator: {} });
    await log.command({ collMod: 'log_head', validationAction: 'warn' });
    const { codes, message } = await refusal();
    expect(codes).toEqual(['validator-missing', 'validator-missing']);
    expect(message).toContain('events has no validator');
    expect(message).toContain('log_head has another validator than this version needs');
  });

  it('names a view in the place of a collection', async () => {
    await log.dropCollection('installation');
    await log.createCollection('installation', { viewOn: 'events', pipeline: [] });
    expect(await refusal()).toMatchObject({
      codes: ['collection-unsuitable'],
      message: expect.stringContaining('installation is a view') as string,
    });
  });

  it.each(['log_head', 'events', 'email_claims'])('names a view in the place of %s', async (collection) => {
    await log.collection(collection).rename('elsewhere');
    await log.createCollection(collection, { viewOn: 'elsewhere', pipeline: [] });
    const { codes, message } = await refusal();
    expect(codes).toContain('collection-unsuitable');
    expect(codes).not.toContain('no-majority');
    expect(message).toContain(`${database.logName}.${collection} is a view, not a collection`);
  });

  it('names everything at once', async () => {
    await log.dropCollection('family_keys');
    await log.collection('email_claims').dropIndex('family_1_member_1');
    expect((await refusal()).codes).toEqual(['index-missing', 'collection-missing']);
  });
});

describe('the log', () => {
  it('is damaged without a head', async () => {
    await log.collection('log_head').deleteMany({});
    expect(await refusal()).toMatchObject({
      codes: ['log-damaged'],
      message: expect.stringContaining('log_head holds no head') as string,
    });
  });

  it('is damaged where head and last event differ', async () => {
    await log.collection('events').insertOne(sampleEvent(1));
    expect((await refusal()).message).toContain('at position 0, but its last event has position 1');
    await moveHead(2);
    expect((await refusal()).message).toContain('at position 2, but its last event has position 1');
  });

  it('is damaged where the head has another hash than the last event', async () => {
    await moveHead(0, new Binary(Buffer.alloc(32, 1)));
    expect((await refusal()).message).toContain('another hash than the last event (position 0)');
    await log.collection('events').insertOne(sampleEvent(1));
    await moveHead(1);
    expect((await refusal()).message).toContain('another hash than the last event (position 1)');
  });

  it('is damaged where the last event was changed, or the one before it', async () => {
    const [first, changed] = [sampleEvent(1), sampleEvent(2)];
    changed['at'] = new Date(1);
    await log.collection('events').insertMany([first, changed]);
    await moveHead(2, changed['hash']);
    expect((await refusal()).message).toContain('the last event (position 2) does not continue the chain');
    await log.collection('events').deleteOne({ _id: first['_id'] });
    expect((await refusal()).message).toContain('the last event (position 2) does not continue the chain');
  });

  it('is damaged where an event is gone from its middle', async () => {
    const events = sampleChain(1, 4);
    await log.collection('events').insertMany(events);
    await moveHead(4, events[3]?.['hash']);
    expect(await verify()).toEqual({ warnings: [] });
    await log.collection<{ _id: number }>('events').deleteOne({ _id: 2 });
    expect(await refusal()).toEqual({
      codes: ['log-damaged'],
      message: expect.stringContaining(
        'the log should hold 4 events, as its head says, and holds 3',
      ) as string,
    });
  });

  it('refuses claims under which one address fits twice, in any script', async () => {
    const others = [
      ['Anna@example.org', ' ben@example.org', 'É@example.org', 'e\u0301@example.org'],
      ['ａ@example.org', 'a@bücher.example', 'ß@example.org', 'σας@example.org'],
    ];
    for (const wrong of others) {
      const right = ['#cem@example.org', 'é@example.org', 'ss@example.org', 'a@xn--bcher-kva.example'];
      // No address of today's rules, and not to be judged by them.
      const unknown = 'ﬁ@example.org';
      await log.collection('email_claims').deleteMany({ family: 'f' });
      await claim(...wrong, ...right, unknown);
      await setSentinel(wrong.length + right.length + 1);
      const { codes, message } = await refusal();
      expect(codes).toEqual(['claim-not-canonical']);
      for (const email of wrong) expect(message).toContain(JSON.stringify(email));
      for (const email of [...right, unknown]) expect(message).not.toContain(JSON.stringify(email));
    }
  });

  it('starts with a warning where the claims were wiped: nothing can be claimed until they are back', async () => {
    await log.collection('email_claims').deleteMany({});
    expect((await verify()).warnings).toMatchObject([{ code: 'claims-sentinel-missing' }]);
  });

  it('refuses claims that were wiped in part: a missing one could be claimed a second time', async () => {
    await claim('a@example.org');
    expect((await refusal()).codes).toEqual(['claims-count-wrong']);
  });
});

describe('a database nobody made', () => {
  it('is refused with every collection named', async () => {
    const bare = await bareTestDatabase();
    try {
      const error = await verifyDatabase(bare.rootClient, bare.name, {
        allowWritableLog: true,
        canonicalForm,
        projections: [],
      }).catch(String);
      for (const collection of ['events', 'log_head', 'email_claims', 'family_keys', 'installation']) {
        expect(error).toContain(`collection ${bare.logName}.${collection} is missing`);
      }
    } finally {
      await bare.drop();
    }
  });
});

async function moveHead(position: number, hash = new Binary(Buffer.alloc(32))): Promise<void> {
  await documents(log, 'log_head').replaceOne(
    { _id: 'head' },
    { position: Long.fromNumber(position), hash, at: new Date(0) },
    { upsert: true },
  );
}

async function claim(...emails: string[]): Promise<void> {
  await documents(log, 'email_claims').insertMany(
    emails.map((_id) => ({ _id, family: 'f', member: _id, position: Long.fromNumber(1) })),
  );
}

async function setSentinel(count: number): Promise<void> {
  await documents(log, 'email_claims').replaceOne({ _id: '#claims' }, { count: Long.fromNumber(count) });
}
