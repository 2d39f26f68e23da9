import { createConnection } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { chooseFreePort } from '../../src/database/embedded/free-port.js';
import { checkLog } from '../support/check-log.js';
import { withEmbeddedRoot } from '../support/embedded-root.js';
import { forAll, register, signIn, tally } from '../support/registering.js';
import { sampleEvent } from '../support/sample-event.js';
import { killProcesses, runCommand, runService, startService } from '../support/service-process.js';
import { testDataDir } from '../support/test-data-dir.js';
import { createTestDatabase, testRootUri, type TestDatabase } from '../support/test-database.js';

const { Long } = mongoose.mongo;

let folder: Awaited<ReturnType<typeof testDataDir>>;

beforeEach(async () => (folder = await testDataDir()));
afterEach(async () => {
  await killProcesses();
  await folder.remove();
});

describe('a brand-new database', () => {
  it('takes the first 50 registrations at once, from two processes that make it together', async () => {
    const emails = Array.from({ length: 50 }, (_, index) => `first-${index}@example.org`);
    const answers = await Promise.all(
      [0, 1].map(async (half) => {
        // Each begins as soon as its own process listens, whatever the other still has to do.
        const { url } = await startService({ dataDir: folder.path });
        const outcomes = await forAll(emails.slice(25 * half, 25 * half + 25), 25, (email) =>
          register(url, email),
        );
        return { url, outcomes };
      }),
    );

    expect(tally(answers.flatMap(({ outcomes }) => outcomes))).toEqual({ '201': 50 });
    expect(await withEmbeddedRoot(folder.path, (client) => checkLog(client, 'family_accounts_log'))).toEqual({
      events: 50,
      streams: 50,
      claims: 50,
      sentinel: 50,
      problems: [],
    });
    const [first, second] = answers;
    expect(await signIn(first!.url, emails[49]!)).toMatchObject({ status: 201 });
    expect(await signIn(second!.url, emails[0]!)).toMatchObject({ status: 201 });
  }, 120_000);
});

describe('a database that is not as it has to be', () => {
  let database: TestDatabase;
  beforeEach(async () => (database = await createTestDatabase()));
  afterEach(() => database.drop());

  const claim = (email: string) => ({
    _id: email,
    family: `the family of ${email}`,
    member: 'owner',
    position: Long.ONE,
  });
  const log = () => database.rootClient.db(database.logName);

  it.each([
    {
      what: 'two claims on one address, in other letters',
      spoil: () =>
        log()
          .collection<{ _id: string }>('email_claims')
          .insertMany([claim('Maria@example.org'), claim('maria@example.org')]),
      named: /"Maria@example\.org"/,
    },
    {
      what: 'two events of one version in a stream, and no index against it',
      spoil: async () => {
        await log().collection('events').dropIndex('stream_1_version_1');
        const twin = { ...sampleEvent(2), stream: 'family-1' };
        await log()
          .collection('events')
          .insertMany([sampleEvent(1), twin]);
      },
      named: /events lacks the unique index stream_1_version_1/,
    },
    {
      what: 'claims without the index that allows each member one',
      spoil: () => log().collection('email_claims').dropIndex('family_1_member_1'),
      named: /email_claims lacks the unique index family_1_member_1/,
    },
    {
      what: 'no collection for the claims',
      spoil: () => log().collection('email_claims').drop(),
      named: /collection \S+\.email_claims is missing/,
    },
    {
      what: 'events without their validator',
      spoil: () => log().command({ collMod: 'events', validator: {} }),
      named: /events has (no|another) validator/,
    },
  ])(
    'is never served: $what',
    async ({ spoil, named }) => {
      await spoil();
      const port = await chooseFreePort();
      const starting = runService({
        dataDir: folder.path,
        mongodbUri: database.uriAs('service'),
        env: { PORT: String(port) },
      });
      const served = await wasServedUntil(port, starting);
      const { code, output } = await starting;

      expect({ code, served }).toEqual({ code: 1, served: false });
      expect(output).toMatch(named);
      expect(output).not.toMatch(/^\s+at /m);
    },
    60_000,
  );

  it('is not set up over duplicates: they are named, and everything stays as it was', async () => {
    await log().collection('events').dropIndex('stream_1_version_1');
    await log()
      .collection('events')
      .insertMany([sampleEvent(1), { ...sampleEvent(2), stream: 'family-1' }]);

    const { code, output } = await runCommand(
      ['database', 'init', '--reset-passwords', '--admin-uri', testRootUri(), '--name', database.name],
      { dataDir: folder.path },
    );

    expect(code).toBe(1);
    expect(output).toMatch(/events holds duplicates.*stream family-1, version 1 is in the documents 1, 2/);
    expect(output).not.toMatch(/^\s+at /m);
    expect(await log().collection('events').countDocuments()).toBe(2);
  }, 60_000);
});

/** Whether anybody ever took a connection on this port while `process` ran. */
async function wasServedUntil(port: number, process: Promise<unknown>): Promise<boolean> {
  const state = { over: false, served: false };
  void process.then(() => (state.over = true));
  while (!state.over && !state.served) {
    const socket = createConnection({ port, host: '127.0.0.1' });
    await once(socket, 'connect').then(
      () => (state.served = true),
      () => undefined,
    );
    socket.destroy();
    await sleep(20);
  }
  return state.served;
}
