import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import mongoose, { type mongo } from 'mongoose';
import { cliInstallation, type CliInstallation } from '../support/cli-installation.js';
import { untilAllFollow } from '../support/followed-projections.js';
import { sampleEvent } from '../support/sample-event.js';
import { PASSWORD } from '../support/test-service.js';

let installation: CliInstallation;
let run: CliInstallation['run'];

beforeEach(async () => {
  installation = await cliInstallation();
  ({ run } = installation);
});
afterEach(() => installation.remove());

function logDatabase() {
  const { database } = installation.service;
  return database.rootClient.db(database.logName);
}

function claims() {
  return logDatabase().collection<{ _id: string; [field: string]: unknown }>('email_claims');
}

async function codes(...commands: string[][]): Promise<number[]> {
  const results: number[] = [];
  for (const args of commands) results.push((await run(args)).code);
  return results;
}

const VERIFY = ['claims', 'verify'];
const REBUILD = ['claims', 'rebuild'];

describe('claims', () => {
  it('are put back after they were wiped, and the service goes on', async () => {
    const { service } = installation;
    const families = [await service.register(), await service.register()];
    const before = await claims().find().sort({ _id: 1 }).toArray();
    expect(await codes(VERIFY)).toEqual([0]);

    await claims().deleteMany({});
    const wiped = await run([...VERIFY, '--json']);
    expect(wiped.code).toBe(1);
    expect(wiped.json()).toMatchObject({ ok: false, expected: 2, stored: 0, sentinel: null, missing: 2 });
    expect(wiped.out).not.toContain('@');

    const rebuilt = await run([...REBUILD, '--json']);
    expect(rebuilt.code).toBe(0);
    expect(rebuilt.json()).toMatchObject({ claims: 2, restored: 2, removed: 0, corrected: 0, contested: [] });
    expect(await claims().find().sort({ _id: 1 }).toArray()).toEqual(before);
    expect(await codes(VERIFY, REBUILD)).toEqual([0, 0]);
    for (const { email } of families) {
      const answer = await service.call('POST', '/v1/sessions', { body: { email, password: PASSWORD } });
      expect(answer.status).toBe(201);
    }
    await service.register();
    expect((await run(VERIFY)).out).toContain('Claims: 3, all as the log says');
  });

  it('are put back with their index and their validator after the collection was dropped', async () => {
    const { service } = installation;
    const { email } = await service.register();
    const before = await structure();
    await claims().drop();

    const rebuilt = await run(REBUILD);
    expect(rebuilt).toMatchObject({ code: 0 });
    expect(rebuilt.out).toContain('Claims: 1, all as the log says');
    expect(await structure()).toEqual(before);
    expect(await codes(VERIFY, ['doctor'])).toEqual([0, 0]);
    await expect(service.register({ email })).rejects.toThrow('409');
    await service.register();
  });

  it('are put back with their index after only that was dropped', async () => {
    await installation.service.register();
    const before = await structure();
    await claims().dropIndex('family_1_member_1');
    expect(await codes(REBUILD)).toEqual([0]);
    expect(await structure()).toEqual(before);
  });

  it('are not put back under another validator, and the way out is told', async () => {
    await logDatabase().command({ collMod: 'email_claims', validator: {} });
    const { code, err } = await run(REBUILD);
    expect(code).toBe(1);
    expect(err).toContain('database init');
  });

  it('that are wrong, missing or too many are found and mended', async () => {
    const { service } = installation;
    const [one, two] = [await service.register(), await service.register()];
    await claims().deleteOne({ _id: one.email });
    await claims().updateOne({ _id: two.email }, { $set: { family: one.id } });
    await claims().insertOne({
      _id: 'x@example.org',
      family: one.id,
      member: 'm',
      position: mongoose.mongo.Long.ONE,
    });
    const found = await run([...VERIFY, '--json']);
    expect([found.code, found.json()]).toMatchObject([1, { missing: 1, extra: 1, different: 1 }]);
    const mended = await run([...REBUILD, '--json']);
    expect(mended.json()).toMatchObject({ claims: 2, restored: 1, removed: 1, corrected: 1 });
    expect(await codes(VERIFY)).toEqual([0]);
  });

  it('that two families make on one address are reported, and the earlier keeps it', async () => {
    const { service } = installation;
    const first = await service.register();
    // What a service that was let in without its claims would have written.
    await claims().deleteOne({ _id: first.email });
    const second = await service.register({ email: first.email });
    await claims().deleteMany({});

    const verified = await run([...VERIFY, '--json']);
    expect(verified.code).toBe(1);
    expect(verified.json().contested).toEqual([
      {
        kept: { family: first.id, member: first.owner, position: 1 },
        refused: { family: second.id, member: second.owner, position: 2 },
      },
    ]);
    const rebuilt = await run(REBUILD);
    expect(rebuilt.code).toBe(1);
    expect(rebuilt.out).toContain(`family ${first.id} (position 1) keeps an address`);
    expect(await claims().findOne({ _id: first.email })).toMatchObject({ family: first.id });

    const settled = await run(VERIFY);
    expect(settled.code).toBe(1);
    expect(settled.out).toContain(
      'The claims are as the log says (position 2), and need a person all the same',
    );
    expect(settled.out).toContain(
      `family ${second.id} claims too (position 2); the latter has to choose another`,
    );
    expect(settled.out).not.toMatch(/differ from|claims rebuild/);
  });

  it('that nobody can read are kept, and an address among those that are gone is given to nobody', async () => {
    const { service } = installation;
    const [one, two] = [await service.register(), await service.register()];
    // A read model that has opened the event needs the key no more.
    await untilAllFollow(service.database);
    const keys = logDatabase().collection<{ _id: string }>('family_keys');
    const key = await keys.findOneAndDelete({ _id: one.id });

    const kept = await run(REBUILD);
    expect(kept.code).toBe(1);
    expect(kept.out).toContain('Claims: 2, all as the log says');
    expect(kept.out).toContain('1 events that claim an address cannot be read');
    expect(kept.out).toContain('(at position 1)');
    expect(kept.out).toContain('Restore family_keys from a backup');
    expect(kept.out + kept.err).not.toContain(one.email);
    expect(await claims().findOne({ _id: one.email })).toMatchObject({ family: one.id });
    expect((await run(VERIFY)).out).toContain('Restore family_keys from a backup');
    await service.register();

    await claims().deleteMany({});
    const rebuilt = await run([...REBUILD, '--json']);
    expect(rebuilt.code).toBe(1);
    const unreadable = { events: 1, kept: 0, unaccounted: 1, samples: [1] };
    expect(rebuilt.json()).toMatchObject({ claims: 2, open: false, unreadable });
    expect((await run(VERIFY)).out).toContain('sentinel closed since');
    expect((await run(['database', 'status'])).out).toContain('Claims      2, closed since');
    await expect(service.register({ email: one.email })).rejects.toThrow('503');
    await expect(service.register()).rejects.toThrow('503');
    await expect(service.register({ email: two.email })).rejects.toThrow('409');

    await keys.insertOne(key!);
    expect(await codes(REBUILD, VERIFY, ['doctor'])).toEqual([0, 0, 0]);
    await expect(service.register({ email: one.email })).rejects.toThrow('409');
    await service.register();
  });

  function structure() {
    return Promise.all([
      logDatabase()
        .listCollections<mongo.CollectionInfo>({ name: 'email_claims' })
        .toArray()
        .then(([found]) => found?.options),
      claims().indexes(),
    ]);
  }
});

describe('doctor', () => {
  const doctor = async (env?: Record<string, string>) => {
    const { code, json } = await run(['doctor', '--json'], env);
    return { code, ...json() };
  };

  it('finds nothing wrong where nothing is, but for the key beside its data', async () => {
    await installation.service.register();
    const report = await doctor();
    expect(report).toMatchObject({ code: 0, ok: true, problems: 0 });
    expect(report.checks).toContainEqual({
      state: 'warning',
      what: expect.stringContaining('key-encryption key lies beside the data'),
      remedy: expect.stringContaining('FAMILY_KEYS_KEK'),
    });
    expect((await run(['doctor'])).out).toContain('Claims: 1, as many as there should be');
  });

  it('does not warn of the key where it comes from elsewhere', async () => {
    const key = installation.service.secrets.keyEncryptionKey.toString('base64');
    const path = join(installation.dataDir, 'secrets', 'family-keys-kek');
    expect(await readFile(path, 'utf8')).toBe(key);
    const { out } = await run(['doctor'], { FAMILY_KEYS_KEK: key });
    expect(out).not.toContain('lies beside the data');
  });

  it('tells of another key', async () => {
    await installation.service.register();
    const report = await doctor({ FAMILY_KEYS_KEK: Buffer.alloc(32).toString('base64') });
    expect(report).toMatchObject({ code: 1, ok: false, problems: 1 });
  });

  it('tells of a dropped index', async () => {
    await claims().dropIndex('family_1_member_1');
    const report = await doctor();
    expect(report).toMatchObject({ code: 1, ok: false });
    const { what, remedy } = report.checks.find(({ state }: { state: string }) => state === 'problem');
    expect(what).toContain('email_claims');
    expect(remedy).toMatch(/\w/);
  });

  it('tells of wiped claims and how to put them back', async () => {
    await installation.service.register();
    await claims().deleteMany({});
    const report = await doctor();
    expect(report.checks).toContainEqual({
      state: 'warning',
      what: expect.stringContaining('wiped'),
      remedy: expect.stringContaining('claims rebuild'),
    });
  });

  it.each(['reader', 'auditor'])(
    'tells of a %s that is refused, or could write, or is not known',
    async (user) => {
      const users = join(installation.dataDir, 'secrets', 'database-users.json');
      const passwords = JSON.parse(await readFile(users, 'utf8'));
      expect((await run(['doctor'])).out).toContain(`The user "${user}" can read what its commands need`);

      await logDatabase().command({ grantRolesToUser: user, roles: ['readWrite'] });
      const writing = await doctor();
      expect(writing).toMatchObject({ code: 1, problems: 1 });
      expect(JSON.stringify(writing.checks)).toMatch(new RegExp(`"${user}.*may update, remove`));

      await writeFile(users, JSON.stringify({ ...passwords, [user]: 'another' }));
      const refused = await doctor();
      expect(refused).toMatchObject({ code: 1, problems: 1 });
      expect(JSON.stringify(refused.checks)).toContain(
        `refuses this user or password: mongodb://${user}:***@`,
      );

      await writeFile(users, JSON.stringify({ ...passwords, [user]: undefined }));
      const unknown = await doctor();
      expect(unknown).toMatchObject({ code: 0, problems: 0 });
      expect(unknown.checks).toContainEqual({
        state: 'warning',
        what: expect.stringContaining(`Commands that connect as "${user}" cannot be used here`),
        remedy: expect.stringContaining('database init'),
      });
    },
  );

  it('keeps what it has found where looking on fails in a way nobody thought of', async () => {
    // A validator would have refused this document; nothing that reads it expects it.
    await logDatabase().command({ collMod: 'email_claims', validator: {} });
    await claims().updateOne({ _id: '#claims' }, { $set: { count: 'many' } });
    await logDatabase().collection('log_head').drop();
    await logDatabase().createCollection('log_head', {
      viewOn: 'events',
      pipeline: [{ $project: { _id: { $divide: [1, 0] } } }],
    });
    await logDatabase().collection('events').insertOne(sampleEvent(1));

    const report = await doctor();
    expect(report).toMatchObject({ code: 1, ok: false });
    const whats = report.checks.map(({ what }: { what: string }) => what);
    expect(whats).toContainEqual(expect.stringContaining('Configuration is valid'));
    expect(whats).toContainEqual(expect.stringContaining('An unexpected failure'));
    expect(whats).toContainEqual(expect.stringContaining('The secrets are the ones'));
    expect(whats).toContainEqual(expect.stringContaining('The user "auditor"'));
    for (const { remedy } of report.checks.filter(({ state }: { state: string }) => state === 'problem')) {
      expect(remedy).toMatch(/\w/);
    }
  });

  it('tells of a server that does not answer', async () => {
    const report = await doctor({ MONGODB_URI: 'mongodb://127.0.0.1:1/nothing' });
    expect(report).toMatchObject({ code: 1, problems: 1 });
  });
});
