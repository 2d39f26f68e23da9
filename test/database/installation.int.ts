import { randomBytes } from 'node:crypto';
import type { mongo } from 'mongoose';
import { fingerprintOf } from '../../src/config/secrets.js';
import { isNewInstallation, verifyInstallation } from '../../src/database/installation.js';
import { sampleEvent } from '../support/sample-event.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { documents, familyKey } from '../support/try-rights.js';

let database: TestDatabase;
let service: mongo.MongoClient;

beforeEach(async () => {
  database = await createTestDatabase();
  service = await database.clientAs('service');
});

afterEach(() => database.drop());

const someSecrets = () => ({ keyEncryptionKey: randomBytes(32), serviceSecret: randomBytes(32) });

it('lets the same secrets in again, and refuses another of either', async () => {
  const secrets = someSecrets();
  await verifyInstallation(service, database.name, secrets);
  await verifyInstallation(service, database.name, secrets);

  const otherKek = { ...secrets, keyEncryptionKey: randomBytes(32) };
  await expect(verifyInstallation(service, database.name, otherKek)).rejects.toThrow(
    `another key-encryption key than the one the database ${database.name} was made with`,
  );
  const otherSecret = { ...secrets, serviceSecret: randomBytes(32) };
  await expect(verifyInstallation(service, database.name, otherSecret)).rejects.toThrow(
    /another service secret/,
  );
});

it('lets exactly one of many first processes with other secrets in', async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 12 }, () => verifyInstallation(service, database.name, someSecrets())),
  );
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

it('refuses a key that the families’ keys were not wrapped with, where the fingerprint is gone', async () => {
  const secrets = someSecrets();
  const log = database.rootClient.db(database.logName);
  await documents(log, 'family_keys').insertOne({
    ...familyKey('family-1'),
    kek: fingerprintOf(secrets.keyEncryptionKey),
  });

  await expect(verifyInstallation(service, database.name, someSecrets())).rejects.toThrow(
    /another key-encryption key/,
  );
  expect(await log.collection('installation').countDocuments()).toBe(0);
  await verifyInstallation(service, database.name, secrets);
  expect(await log.collection('installation').countDocuments()).toBe(2);
});

it('is new until there is an event, a family’s key or a fingerprint', async () => {
  const log = database.rootClient.db(database.logName);
  expect(await isNewInstallation(service, database.name)).toBe(true);

  await log.collection('events').insertOne(sampleEvent(1));
  expect(await isNewInstallation(service, database.name)).toBe(false);
  await log.collection('events').deleteMany({});
  await documents(log, 'family_keys').insertOne(familyKey('family-1'));
  expect(await isNewInstallation(service, database.name)).toBe(false);
  await log.collection('family_keys').deleteMany({});
  expect(await isNewInstallation(service, database.name)).toBe(true);
  await verifyInstallation(service, database.name, someSecrets());
  expect(await isNewInstallation(service, database.name)).toBe(false);
});
