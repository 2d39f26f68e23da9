import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { mongo } from 'mongoose';
import { embeddedStatus } from '../support/embedded-status.js';
import { withEmbeddedRoot } from '../support/embedded-root.js';
import { register, signIn } from '../support/registering.js';
import { killProcesses, runCommand, runService, startService } from '../support/service-process.js';
import { testDataDir } from '../support/test-data-dir.js';

const EMAILS = ['one@example.org', 'two@example.org', 'three@example.org'];

let folder: Awaited<ReturnType<typeof testDataDir>>;

beforeEach(async () => (folder = await testDataDir()));
afterEach(async () => {
  await killProcesses();
  await folder.remove();
});

/** Registers families, lets an administrator at their database, and stops the service in order. */
async function serveAndThen(spoil: (log: mongo.Db) => Promise<unknown>): Promise<void> {
  const service = await startService({ dataDir: folder.path });
  for (const email of EMAILS) expect(await register(service.url, email)).toMatchObject({ status: 201 });
  await withEmbeddedRoot(folder.path, (client) => spoil(client.db('family_accounts_log')));
  expect(await service.kill('SIGTERM')).toMatchObject({ code: 0 });
}

/** The next start says what it found and what to do, serves nobody, and makes nothing. */
async function expectRefusal(...said: RegExp[]): Promise<void> {
  const { code, output } = await runService({ dataDir: folder.path });
  expect({ code, ready: /is ready|Made /.exec(output)?.[0] }).toEqual({ code: 1 });
  for (const sentence of [...said, /from a backup/, /database init/]) expect(output).toMatch(sentence);
  expect(output).not.toMatch(/^\s+at /m);
}

describe('a log that is gone when the service starts', () => {
  it.each([
    {
      what: 'events and head deleted',
      spoil: async (log: mongo.Db) => {
        await log.collection('events').deleteMany({});
        await log.collection('log_head').deleteMany({});
      },
    },
    {
      what: 'every collection emptied, one after the other',
      spoil: async (log: mongo.Db) => {
        for (const { name } of await log.listCollections().toArray())
          await log.collection(name).deleteMany({});
      },
    },
    { what: 'the database dropped', spoil: (log: mongo.Db) => log.dropDatabase() },
    {
      what: 'the database dropped, and its users with it',
      spoil: async (log: mongo.Db) => {
        await log.dropDatabase();
        await log.command({ dropAllUsersFromDatabase: 1 });
      },
    },
  ])(
    'is never replaced by an empty one: $what',
    async ({ spoil }) => {
      await serveAndThen(spoil);
      await expectRefusal(/family_accounts_log has no head of the log, although /, /Nothing was changed/);
      await expectRefusal(/family_accounts_log has no head of the log, although /);
    },
    120_000,
  );

  it('is missed, and taken up again where it is put back, when the whole folder of MongoDB is away', async () => {
    await serveAndThen(() => Promise.resolve());
    const [there, away] = [join(folder.path, 'mongodb'), join(folder.path, 'elsewhere')];
    await rename(there, away);
    await expectRefusal(/mongodb is missing or empty, although \S+family_accounts\.begun says/);
    expect(await runCommand(['events', 'tail'], { dataDir: folder.path })).toMatchObject({ code: 1 });

    await rename(away, there);
    const { url } = await startService({ dataDir: folder.path });
    expect(await signIn(url, EMAILS[0]!)).toMatchObject({ status: 201 });
  }, 120_000);
});

describe('a log of which a part is gone when the service starts', () => {
  it('is refused with the number of events that should be there', async () => {
    await serveAndThen((log) => log.collection<{ _id: number }>('events').deleteOne({ _id: 1 }));
    await expectRefusal(/the log should hold 3 events, as its head says, and holds 2/);
  }, 120_000);

  it('is not suspected after MongoDB was killed, when its own count of documents may be off', async () => {
    const service = await startService({ dataDir: folder.path });
    for (const email of EMAILS) await register(service.url, email);
    const { pid } = await embeddedStatus(folder.path);
    process.kill(pid!, 'SIGKILL');
    await service.kill('SIGKILL');

    const { url } = await startService({ dataDir: folder.path });
    expect(await signIn(url, EMAILS[2]!)).toMatchObject({ status: 201 });
  }, 120_000);
});
