import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { mongo } from 'mongoose';
import { databaseUsersPath } from '../../src/config/database-users.js';
import { checkLog } from '../support/check-log.js';
import { startLoad, type Call } from '../support/load.js';
import { forAll, register, signIn, tally } from '../support/registering.js';
import { killProcesses, runCommand, startService, type ServiceProcess } from '../support/service-process.js';
import { testDataDir } from '../support/test-data-dir.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const BEFORE_THE_WIPE = 15;

let database: TestDatabase;
let folder: Awaited<ReturnType<typeof testDataDir>>;
let service: ServiceProcess;

beforeEach(async () => {
  database = await createTestDatabase();
  folder = await testDataDir();
  const passwords = databaseUsersPath(folder.path);
  await mkdir(dirname(passwords), { mode: 0o700 });
  await writeFile(passwords, JSON.stringify(database.passwords), { mode: 0o600 });
  service = await startService(installation());
});
afterEach(async () => {
  await killProcesses();
  await folder.remove();
  await database.drop();
});

const installation = () => ({ dataDir: folder.path, mongodbUri: database.uriAs('service') });
const claims = (): mongo.Collection => database.rootClient.db(database.logName).collection('email_claims');
const collection = async () => ({
  options: await claims().options(),
  indexes: await claims().indexes(),
});
const command = (...args: string[]) => runCommand(args, installation());

/** Registers, wipes the claims meanwhile, and goes on registering; returns who was acknowledged. */
async function registerWhile(wipe: () => Promise<unknown>): Promise<Call[]> {
  const load = startLoad(service.url, { name: 'wiped' });
  await load.acknowledged(BEFORE_THE_WIPE);
  await wipe();
  await load.refused(32);
  const calls = await load.stop();

  const { '201': acknowledged = 0, ...refused } = tally(calls.map(({ outcome }) => outcome ?? null));
  expect(acknowledged).toBeGreaterThanOrEqual(BEFORE_THE_WIPE);
  expect(Object.keys(refused)).toEqual(['503 claims-missing']);
  return calls.filter(({ outcome }) => outcome?.status === 201);
}

/** Until the claims are back, nobody's address is free and nobody is called unknown. */
async function expectClosedDoors(registered: readonly Call[]): Promise<void> {
  const emails = registered.map(({ email }) => email);
  const doubles = await forAll(emails, 16, (email) => register(service.url, email));
  expect(doubles.filter((answer) => ![409, 503].includes(answer?.status ?? 0))).toEqual([]);
  const signedIn = await forAll(emails, 16, (email) => signIn(service.url, email));
  expect(signedIn.filter((answer) => ![201, 503].includes(answer?.status ?? 0))).toEqual([]);
  const someoneNew = await register(service.url, 'someone-new@example.org');
  expect(someoneNew).toMatchObject({ status: 503, problem: 'claims-missing' });
}

/** Everything is as if nothing had happened. */
async function expectOpenDoors(registered: readonly Call[]): Promise<void> {
  const signedIn = await forAll(registered, 16, ({ email }) => signIn(service.url, email));
  expect(signedIn.map((answer) => answer?.family)).toEqual(registered.map(({ outcome }) => outcome?.family));
  const doubles = await forAll(registered, 16, ({ email }) => register(service.url, email.toUpperCase()));
  expect(tally(doubles)).toEqual({ '409 email-already-claimed': registered.length });
  expect(await register(service.url, 'someone-new@example.org')).toMatchObject({ status: 201 });
  const { problems, claims: count } = await checkLog(database.rootClient, database.logName);
  expect({ problems, count }).toEqual({ problems: [], count: registered.length + 1 });
}

describe('claims that root wipes while families register', () => {
  it('close registration until "claims rebuild" has put them back', async () => {
    const registered = await registerWhile(() => claims().deleteMany({}));
    await expectClosedDoors(registered);

    const before = await command('claims', 'verify', '--json');
    expect(before.code).toBe(1);
    expect(JSON.parse(before.stdout)).toMatchObject({
      ok: false,
      sentinel: null,
      expected: registered.length,
    });

    const rebuilt = await command('claims', 'rebuild', '--json');
    expect(rebuilt.code).toBe(0);
    expect(JSON.parse(rebuilt.stdout)).toMatchObject({ claims: registered.length, contested: [] });
    expect(await command('claims', 'verify')).toMatchObject({ code: 0 });
    await expectOpenDoors(registered);
  }, 120_000);

  it('are put back while registrations go on knocking, without a double', async () => {
    const registered = await registerWhile(() => claims().deleteMany({}));
    const load = startLoad(service.url, { name: 'knocking' });
    expect(await command('claims', 'rebuild')).toMatchObject({ code: 0 });
    await load.acknowledged(5);
    const calls = await load.stop();
    const admitted = calls.filter(({ outcome }) => outcome?.status === 201);
    await expectOpenDoors([...registered, ...admitted]);
  }, 120_000);

  it('are put back into a collection with its validator and its index, although it was dropped', async () => {
    const before = await collection();
    const registered = await registerWhile(() => claims().drop());
    await expectClosedDoors(registered);

    expect(await command('claims', 'rebuild')).toMatchObject({ code: 0 });
    await expectOpenDoors(registered);
    expect(await collection()).toEqual(before);
  }, 120_000);
});
