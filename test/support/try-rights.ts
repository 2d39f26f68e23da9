import mongoose, { type mongo } from 'mongoose';
import type { DatabaseUser } from '../../src/database/roles.js';
import { sampleEvent } from './sample-event.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

const { Binary, Long } = mongoose.mongo;

/** A document of any shape, for what the driver's types would refuse. */
export interface AnyDocument {
  _id: string;
  [field: string]: unknown;
}

/** What a user tries, in words and in deeds. */
export type Attempt = [what: string, attempt: (log: mongo.Db, derived: mongo.Db) => Promise<unknown>];

/** An installation with something in every place that rights are about, and the view of a projection. */
export async function databaseWithContent(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  const log = database.rootClient.db(database.logName);
  const derived = database.rootClient.db(database.name);
  await log.collection('events').insertOne(sampleEvent(1));
  await documents(log, 'family_keys').insertOne(familyKey('family-of-others'));
  await documents(log, 'email_claims').insertOne({
    _id: 'a@example.org',
    family: 'f',
    member: 'm',
    position: Long.fromNumber(1),
  });
  await documents(derived, 'families@a').insertOne({ _id: 'f' });
  await derived.createCollection('families', { viewOn: 'families@a', pipeline: [] });
  await documents(derived, 'something').insertOne({ _id: 's' });
  return database;
}

/** One test per attempt: it succeeds. */
export function may(database: () => TestDatabase, user: DatabaseUser, attempts: readonly Attempt[]): void {
  it.each(attempts)('may %s', async (_what, attempt) => {
    const { logName, name, clientAs } = database();
    const client = await clientAs(user);
    await attempt(client.db(logName), client.db(name));
  });
}

/** One test per attempt: MongoDB refuses it for want of a right. */
export function mayNot(database: () => TestDatabase, user: DatabaseUser, attempts: readonly Attempt[]): void {
  it.each(attempts)('may not %s', async (_what, attempt) => {
    const { logName, name, clientAs } = database();
    const client = await clientAs(user);
    await expect(attempt(client.db(logName), client.db(name))).rejects.toMatchObject({ code: 13 });
  });
}

/** A collection whose documents the driver's types do not check. */
export function documents(
  db: mongo.Db,
  collection: string,
): mongo.Collection<{ _id: string; [field: string]: unknown }> {
  return db.collection(collection);
}

/** All documents. */
export function read(db: mongo.Db, collection: string): Promise<unknown> {
  return db.collection(collection).find().toArray();
}

/** A stored family key that opens nothing. */
export function familyKey(_id: string): AnyDocument {
  return { _id, wrapped: new Binary(Buffer.alloc(60)), kek: 'k', createdAt: new Date(0) };
}
