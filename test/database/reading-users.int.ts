import type { mongo } from 'mongoose';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { databaseWithContent, documents, may, mayNot, read, type Attempt } from '../support/try-rights.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await databaseWithContent();
});

afterAll(() => database.drop());

describe('reader', () => {
  may(() => database, 'reader', [
    [
      'read events, head and claims',
      async (log) => [
        await read(log, 'events'),
        await read(log, 'log_head'),
        await read(log, 'email_claims'),
      ],
    ],
    [
      'read everything derived, through views too',
      async (_log, derived) => [
        await read(derived, 'families'),
        await read(derived, 'families@a'),
        await read(derived, 'something'),
      ],
    ],
    [
      'list collections',
      async (log, derived) => [
        await log.listCollections().toArray(),
        await derived.listCollections().toArray(),
      ],
    ],
    [
      'look at sizes',
      (log) =>
        log
          .collection('events')
          .aggregate([{ $collStats: { storageStats: {} } }])
          .toArray(),
    ],
  ]);
  mayNot(() => database, 'reader', [
    ['read families’ keys', (log) => read(log, 'family_keys')],
    [
      'read families’ keys through a look-up',
      (log) =>
        log
          .collection('events')
          .aggregate([{ $lookup: { from: 'family_keys', pipeline: [], as: 'keys' } }])
          .toArray(),
    ],
    ['read answers', (log) => read(log, 'idempotency_keys')],
    ...writes(),
  ]);
});

describe('auditor', () => {
  may(() => database, 'auditor', [
    ['read families’ keys', (log) => read(log, 'family_keys')],
    ['read answers', (log) => read(log, 'idempotency_keys')],
    ['read events', (log) => read(log, 'events')],
    ['read everything derived', (_log, derived) => read(derived, 'families')],
  ]);
  mayNot(() => database, 'auditor', writes());
});

describe('shredder', () => {
  may(() => database, 'shredder', [
    ['find keys', (log) => read(log, 'family_keys')],
    ['remove a key', (log) => documents(log, 'family_keys').deleteOne({ _id: 'family-1' })],
  ]);
  mayNot(() => database, 'shredder', [
    ['read events', (log) => read(log, 'events')],
    ['drop the keys', (log) => log.dropCollection('family_keys')],
    ...writes().filter(([what]) => what !== 'delete from family_keys'),
  ]);
});

describe('two installations on one server', () => {
  it('keep their users apart: a service reads nothing of the other’s', async () => {
    const other = await createTestDatabase();
    try {
      const service = await other.clientAs('service');
      await expect(read(service.db(database.logName), 'events')).rejects.toMatchObject({ code: 13 });
    } finally {
      await other.drop();
    }
  });
});

/** Every kind of write, on every collection of the log and on something derived. */
function writes(): Attempt[] {
  const collections = [
    'events',
    'log_head',
    'email_claims',
    'family_keys',
    'idempotency_keys',
    'installation',
  ];
  return [
    ...collections.flatMap((collection): Attempt[] => [
      [`insert into ${collection}`, (log) => documents(log, collection).insertOne({ _id: 'x' })],
      [`update ${collection}`, (log) => documents(log, collection).updateMany({}, { $set: { x: 1 } })],
      ...(collection === 'family_keys'
        ? []
        : [[`drop ${collection}`, (log: mongo.Db) => log.dropCollection(collection)] as Attempt]),
      [`delete from ${collection}`, (log) => documents(log, collection).deleteMany({})],
    ]),
    ['insert into a slot', (_log, derived) => documents(derived, 'families@a').insertOne({ _id: 'x' })],
    ['delete from a slot', (_log, derived) => derived.collection('families@a').deleteMany({})],
    ['make a collection', (_log, derived) => derived.createCollection('new')],
    ['drop a view', (_log, derived) => derived.dropCollection('families')],
    ['drop a database', (log) => log.dropDatabase()],
    [
      'write by $out',
      (log) =>
        log
          .collection('family_keys')
          .aggregate([{ $out: 'new' }])
          .toArray(),
    ],
  ];
}
