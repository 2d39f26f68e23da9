import { randomBytes, randomUUID } from 'node:crypto';
import mongoose, { type mongo } from 'mongoose';
import { clientOptions } from '../../src/database/connect.js';
import { EventLog } from '../../src/event-log/event-log.js';
import { LogCollections } from '../../src/event-log/log-collections.js';
import { FamiliesService } from '../../src/families/families.service.js';
import { PasswordHashing } from '../../src/families/password-hashing.js';
import { IdempotencyKeys } from '../../src/idempotency/idempotency-keys.js';
import { FamilyKeys } from '../../src/privacy/family-keys.js';
import { InvalidCredentials, SignIn } from '../../src/sessions/sign-in.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newEmail } from '../support/test-log.js';

const PASSWORD = 'correct horse battery staple';
const DEADLINE_MS = 8_000;

/** Real hashing that counts what it is asked for; each is one hash (test/families/password-hashing.unit.ts). */
class CountedHashing extends PasswordHashing {
  asked = 0;

  override verify(passwordHash: string, password: string): Promise<boolean> {
    this.asked += 1;
    return super.verify(passwordHash, password);
  }

  override verifyNothing(password: string): Promise<false> {
    this.asked += 1;
    return super.verifyNothing(password);
  }
}

describe('signing in', () => {
  let database: TestDatabase;
  let client: mongo.MongoClient;
  let families: FamiliesService;
  let signIn: SignIn;
  const passwords = new CountedHashing({ concurrency: 2, maxWaiting: 100 });
  const commands: string[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    const uri = database.uriAs('service');
    client = await new mongoose.mongo.MongoClient(
      uri,
      clientOptions(uri, { monitorCommands: true }),
    ).connect();
    const collections = new LogCollections(client, database.logName);
    const log = new EventLog(collections, { deadlineMs: DEADLINE_MS });
    const keys = new FamilyKeys(collections.db.collection('family_keys'), {
      key: randomBytes(32),
      fingerprint: 'ours',
    });
    const idempotencyKeys = new IdempotencyKeys(
      collections.db.collection('idempotency_keys'),
      randomBytes(32),
      DEADLINE_MS,
    );
    families = new FamiliesService({ log, keys, idempotencyKeys }, passwords, DEADLINE_MS);
    signIn = new SignIn(log, keys, passwords);
    client.on('commandStarted', ({ commandName, command }) => {
      commands.push(`${commandName} ${String(command[commandName])}`);
    });
  });

  afterAll(async () => {
    await client.close();
    await database.drop();
  });

  async function workOf(email: string): Promise<{ commands: string[]; hashes: number }> {
    commands.length = 0;
    passwords.asked = 0;
    await expect(signIn.signIn(email, 'not the password')).rejects.toThrow(InvalidCredentials);
    return { commands: [...commands].sort(), hashes: passwords.asked };
  }

  it('takes the same reads and one hash, whether somebody has the address, was there just now, or nobody', async () => {
    const email = newEmail();
    const context = { actor: null, correlationId: randomUUID(), causationId: randomUUID() };
    await families.register(
      { email, password: PASSWORD, familyName: 'García', locale: 'es' },
      { ...context, now: new Date(), idempotencyKey: null },
    );
    const known = await workOf(email);
    expect(known).toEqual({
      commands: ['find email_claims', 'find events', 'find family_keys'],
      hashes: 1,
    });
    expect(await workOf(email)).toEqual(known);
    expect(await workOf(newEmail())).toEqual(known);
    expect(await workOf('no address')).toEqual(known);
  });
});
