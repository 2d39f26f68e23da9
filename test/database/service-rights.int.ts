import mongoose, { type mongo } from 'mongoose';
import { privilegesOf, roleName } from '../../src/database/roles.js';
import { sampleEvent } from '../support/sample-event.js';
import type { TestDatabase } from '../support/test-database.js';
import { databaseWithContent, documents, familyKey, may, mayNot } from '../support/try-rights.js';

const { Long } = mongoose.mongo;

let database: TestDatabase;

beforeAll(async () => {
  database = await databaseWithContent();
  const { rootClient, name } = database;
  // A projection, as later versions have them: its rights are part of the same table.
  await rootClient.db('admin').command({
    updateRole: roleName('service', name),
    privileges: privilegesOf('service', name, ['families']),
  });
});

afterAll(() => database.drop());

describe('service', () => {
  may(() => database, 'service', [
    ['read events', (log) => log.collection('events').find().toArray()],
    ['add an event', (log) => log.collection('events').insertOne(sampleEvent(2))],
    ['look at the indexes of events', (log) => log.collection('events').listIndexes().toArray()],
    [
      'move the head',
      (log) =>
        documents(log, 'log_head').updateOne({ _id: 'head' }, { $set: { position: Long.fromNumber(2) } }),
    ],
    ['watch the head', (log) => watchOnce(log.collection('log_head'))],
    ['make, move and release claims', (log) => makeAndReleaseClaim(log)],
    ['make the claims again after they were dropped', (log) => makeClaimsAgain(log)],
    ['store a family’s key', (log) => documents(log, 'family_keys').insertOne(familyKey('family-1'))],
    [
      'remember an answer',
      (log) => documents(log, 'idempotency_keys').insertOne({ _id: 'k', expiresAt: new Date() }),
    ],
    [
      'leave a fingerprint',
      (log) => documents(log, 'installation').insertOne({ _id: 'service-secret', fingerprint: 'f' }),
    ],
    [
      'write a slot',
      (_log, derived) =>
        documents(derived, 'families@b').updateOne({ _id: 'f' }, { $set: { a: 1 } }, { upsert: true }),
    ],
    ['drop a slot', (_log, derived) => derived.dropCollection('families@b')],
    [
      'switch a view',
      (_log, derived) => derived.command({ collMod: 'families', viewOn: 'families@a', pipeline: [] }),
    ],
    [
      'list collections',
      async (log, derived) => [
        await log.listCollections().toArray(),
        await derived.listCollections().toArray(),
      ],
    ],
  ]);

  mayNot(() => database, 'service', [
    ['change an event', (log) => log.collection('events').updateOne({}, { $set: { type: 'Other' } })],
    [
      'change an event by findAndModify',
      (log) => log.collection('events').findOneAndUpdate({}, { $set: { type: 'Other' } }),
    ],
    ['replace an event', (log) => log.collection('events').replaceOne({}, sampleEvent(1))],
    ['delete an event', (log) => log.collection('events').deleteOne({})],
    ['delete all events', (log) => log.collection('events').deleteMany({})],
    ['delete an event by findAndModify', (log) => log.collection('events').findOneAndDelete({})],
    [
      'upsert an event',
      (log) =>
        log.collection('events').updateOne({ stream: 'new' }, { $set: { type: 'x' } }, { upsert: true }),
    ],
    ['drop events', (log) => log.dropCollection('events')],
    ['rename events', (log) => log.collection('events').rename('elsewhere')],
    [
      'replace events by $out',
      (log) =>
        log
          .collection('log_head')
          .aggregate([{ $out: 'events' }])
          .toArray(),
    ],
    [
      'merge into events',
      (log) =>
        log
          .collection('log_head')
          .aggregate([{ $merge: { into: 'events' } }])
          .toArray(),
    ],
    [
      'expire events by an index',
      (log) => log.collection('events').createIndex({ at: 1 }, { expireAfterSeconds: 1 }),
    ],
    ['drop the index of events', (log) => log.collection('events').dropIndex('stream_1_version_1')],
    ['lift the validator of events', (log) => log.command({ collMod: 'events', validator: {} })],
    ['make events capped', (log) => log.command({ convertToCapped: 'events', size: 4096 })],
    [
      'pass the validator of events by',
      (log) => documents(log, 'events').insertOne({ _id: 'x' }, { bypassDocumentValidation: true }),
    ],
    ['delete the head', (log) => log.collection('log_head').deleteMany({})],
    ['add a second head', (log) => documents(log, 'log_head').insertOne({ _id: 'head2' })],
    ['drop the head', (log) => log.dropCollection('log_head')],
    ['remove a family’s key', (log) => log.collection('family_keys').deleteMany({})],
    ['change a family’s key', (log) => log.collection('family_keys').updateMany({}, { $set: { kek: 'x' } })],
    [
      'empty the keys by $out',
      (log) =>
        log
          .collection('log_head')
          .aggregate([{ $out: 'family_keys' }])
          .toArray(),
    ],
    ['drop the keys', (log) => log.dropCollection('family_keys')],
    ['drop the claims', (log) => log.dropCollection('email_claims')],
    ['forget an answer', (log) => log.collection('idempotency_keys').deleteMany({})],
    [
      'change a fingerprint',
      (log) => log.collection('installation').updateMany({}, { $set: { fingerprint: 'x' } }),
    ],
    ['drop the database of the log', (log) => log.dropDatabase()],
    ['drop the other database', (_log, derived) => derived.dropDatabase()],
    ['drop a view', (_log, derived) => derived.dropCollection('families')],
    ['read what else is there', (_log, derived) => derived.collection('something').find().toArray()],
    ['see or make users', (log) => log.command({ usersInfo: 1 })],
    [
      'give itself rights',
      (log) => log.command({ grantRolesToUser: 'service', roles: [{ role: 'root', db: 'admin' }] }),
    ],
    ['change its password', (log) => log.command({ updateUser: 'service', pwd: 'x' })],
  ]);

  it.each<[string, mongo.Document]>([
    ['an int32 position', { _id: 3 }],
    ['position 0', { _id: Long.ZERO }],
    ['an int64 version', { version: Long.fromNumber(1) }],
    ['a time as text', { at: 'now' }],
    ['another field', { extra: 1 }],
    ['no author', { meta: {} }],
  ])('is refused an event with %s', async (_what, wrong) => {
    const events = (await database.clientAs('service')).db(database.logName).collection('events');
    const event: mongo.Document = { ...sampleEvent(3), ...wrong };
    await expect(events.insertOne(event)).rejects.toMatchObject({ code: 121 });
  });
});

async function watchOnce(collection: mongo.Collection): Promise<void> {
  const stream = collection.watch();
  await stream.tryNext();
  await stream.close();
}

async function makeAndReleaseClaim(log: mongo.Db): Promise<void> {
  const claims = documents(log, 'email_claims');
  await claims.insertOne({ _id: 'b@example.org', family: 'f', member: 'm2', position: Long.fromNumber(2) });
  await log
    .collection<{ _id: string; count: mongo.Long }>('email_claims')
    .updateOne({ _id: '#claims' }, { $inc: { count: Long.fromNumber(1) } });
  await claims.deleteOne({ _id: 'b@example.org', family: 'f' });
}

async function makeClaimsAgain(log: mongo.Db): Promise<void> {
  await database.rootClient.db(database.logName).dropCollection('email_claims');
  await log.createCollection('email_claims');
  await log.collection('email_claims').createIndex({ family: 1, member: 1 });
}
