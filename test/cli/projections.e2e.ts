import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { readModelNames } from '../../src/families/read-models/index.js';
import { cliInstallation, startCli, type CliInstallation } from '../support/cli-installation.js';
import { projectionsReady } from '../support/projections-ready.js';
import type { RegisteredFamily } from '../support/test-service.js';

let installation: CliInstallation;
let run: CliInstallation['run'];
let family: RegisteredFamily;

beforeAll(async () => {
  installation = await cliInstallation();
  ({ run } = installation);
  family = await installation.service.register();
  await installation.service.register();
  await projectionsReady(installation.service.database);
});
afterAll(() => installation.remove());

function root() {
  const { rootClient, name } = installation.service.database;
  return rootClient.db(name);
}

async function liveSlot(projection: string) {
  const statuses = root().collection<{ _id: string; live: string }>('projection_status');
  const status = await statuses.findOne({ _id: projection });
  return root().collection<{ _id: string }>(`${projection}@${status!.live}`);
}

describe('projections list', () => {
  it('shows what is live, how far behind it is, and what is in it', async () => {
    const { code, out, err } = await run(['projections', 'list']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const name of readModelNames) expect(out).toContain(`${name}: live\n`);
    expect(out).toContain('checkpoint  2, nothing behind the log');
  });

  it('prints JSON', async () => {
    const { json } = await run(['projections', 'list', '--json']);
    expect(json().projections).toHaveLength(readModelNames.length);
    expect(json().projections[0]).toEqual({
      projection: 'families',
      state: 'live',
      reason: null,
      version: 1,
      live: {
        generation: 1,
        version: 1,
        slot: 'a',
        checkpoint: 2,
        documents: 2,
        since: expect.any(String),
      },
      lag: { events: 0, seconds: 0 },
      quarantined: 0,
      kept: null,
      rebuild: null,
    });
  });
});

describe('projections verify', () => {
  it('finds nothing where nothing is wrong', async () => {
    const { code, out } = await run(['projections', 'verify', '--all']);
    expect([code, out.trim().split('\n').length]).toEqual([0, readModelNames.length]);
    expect(out).toContain('families: 2 documents, all as the log says (position 2).');
    const one = await run(['projections', 'verify', 'members', '--json']);
    expect(one.json()).toMatchObject({ projection: 'members', ok: true, missing: 0, samples: [] });
  });

  it('names what is missing, extra and different, and the command that puts it right', async () => {
    const documents = await liveSlot('families');
    const [before] = await documents.find({ _id: family.id }).toArray();
    await documents.updateOne({ _id: family.id }, { $set: { name: 'Somebody Else' } });
    await documents.insertOne({ _id: 'nobody' });
    const { code, json } = await run(['projections', 'verify', 'families', '--json']);
    expect(code).toBe(1);
    expect(json()).toMatchObject({ ok: false, missing: 0, extra: 1, different: 1, expected: 2, found: 3 });
    expect(json().samples).toContainEqual({ kind: 'different', id: family.id, fields: ['name'] });
    await documents.deleteOne({ _id: 'nobody' });
    await documents.deleteOne({ _id: family.id });
    const words = await run(['projections', 'verify', 'families']);
    expect(words.code).toBe(1);
    expect(words.out).toContain('missing    1');
    expect(words.out).toContain(`e.g. ${family.id} is missing`);
    expect(words.out).toContain('family-accounts projections rebuild families');
    expect(words.out).not.toContain('Somebody Else');
    const list = await run(['families', 'list', '--json']);
    expect(list.json()).toMatchObject({ complete: false, families: [{}] });
    expect((await run(['families', 'list'])).out).toContain('This list is not to be relied on');
    const doctor = await run(['doctor', '--json']);
    expect(doctor.json().checks).toContainEqual({
      state: 'problem',
      what: 'Projection families: it holds 1 document, and the log tells of 2',
      remedy: 'run "family-accounts projections rebuild families"',
    });

    const same = await run(['projections', 'rebuild', 'families', '--only-if-same']);
    expect(same.code).toBe(1);
    expect(same.out).toContain('Not switched to, as --only-if-same asks');
    const dry = await run(['projections', 'rebuild', 'families', '--dry-run', '--json']);
    expect([dry.code, dry.json()]).toMatchObject([0, { switched: false, differences: { missing: 1 } }]);
    expect((await run(['projections', 'rebuild', 'families', '--dry-run'])).out).toContain('missing    1');
    const rebuilt = await run(['projections', 'rebuild', 'families']);
    expect(rebuilt.code).toBe(0);
    for (const part of ['missing    1', '2 documents of 2 events', 'Live now', 'rollback families'])
      expect(rebuilt.out).toContain(part);
    expect(rebuilt.err).toMatch(/families: certifying: 100 % 2\/2 events/);
    expect(await (await liveSlot('families')).findOne({ _id: family.id })).toEqual(before);
    expect((await run(['projections', 'verify', 'families'])).code).toBe(0);
  });
});

describe('projections rebuild', () => {
  it('rebuilds all of them, and --only-if-same where nothing differs', async () => {
    const { code, json } = await run(['projections', 'rebuild', '--all', '--only-if-same', '--json']);
    expect(code).toBe(0);
    const { projections } = json();
    expect(projections.map((one: { projection: string }) => one.projection)).toEqual(readModelNames);
    for (const report of projections) {
      expect(report).toMatchObject({ switched: true, differences: { missing: 0, extra: 0, different: 0 } });
    }
    const dry = await run(['projections', 'rebuild', '--all', '--dry-run']);
    expect([dry.code, dry.out]).toEqual([0, expect.stringContaining('is the same, byte for byte')]);
    // What is kept for going back is kept.
    expect((await run(['projections', 'list', '--json'])).json().projections[1]).toMatchObject({
      live: { generation: 2 },
      kept: { generation: 1, version: 1 },
    });
  });

  it('tells of another one under way', async () => {
    const statuses = root().collection<{ _id: string }>('projection_status');
    const rebuild = {
      owner: 'another',
      epoch: 1,
      slot: 'a',
      target: mongoose.mongo.Long.ONE,
      phase: 'build',
      cursor: null,
      startedAt: new Date(),
      until: new Date(Date.now() + 60_000),
    };
    await statuses.updateOne({ _id: 'members' }, { $set: { rebuild } });
    try {
      const { code, out, err } = await run(['projections', 'rebuild', 'members']);
      expect([code, out]).toEqual([1, '']);
      expect(err).toContain('Another process has been rebuilding members');
      expect(err).toContain('projections list');
      expect(err).not.toMatch(/^\s+at /m);
      const all = await run(['projections', 'rebuild', '--all', '--json']);
      expect(all.code).toBe(1);
      expect(all.json().projections.map((one: { switched: boolean }) => one.switched)).toEqual(
        readModelNames.map((name) => name !== 'members'),
      );
      expect(all.err).toContain('Another process has been rebuilding members');
    } finally {
      await statuses.updateOne({ _id: 'members' }, { $unset: { rebuild: '' } });
    }
  });

  it('ends with Ctrl-C, and goes on with the next call', async () => {
    const { rootClient } = installation.service.database;
    const statuses = root().collection<{ _id: string }>('projection_status');
    // A slot that was live until a moment ago would be let alone for some seconds.
    const longAgo = { 'slots.a.since': new Date(0), 'slots.b.since': new Date(0) };
    await statuses.updateOne({ _id: 'members' }, { $set: longAgo });
    // Nobody else changes this status until the transaction ends: the rebuild waits for its lease.
    const session = rootClient.startSession();
    session.startTransaction();
    await statuses.updateOne({ _id: 'members' }, { $set: { held: true } }, { session });
    const { child, result } = startCli(['projections', 'rebuild', 'members'], installation.env);
    const waitsForLease = async () => {
      const { inprog } = await rootClient.db('admin').command({ currentOp: 1, active: true });
      return JSON.stringify(inprog).includes('rebuild.owner');
    };
    while (!(await waitsForLease())) await sleep(50);
    child.kill('SIGINT');
    await sleep(100);
    await session.abortTransaction();
    await session.endSession();
    const { code, out } = await result;
    expect(code).toBe(130);
    expect(out).toContain('"family-accounts projections rebuild members" goes on where this one stopped');

    const list = await run(['projections', 'list']);
    expect(list.out).toMatch(/rebuild {5}generation 3, .* left unfinished, the next one goes on with it/);
    expect((await run(['doctor'])).out).toContain('a rebuild was left unfinished');
    const next = await run(['projections', 'rebuild', 'members', '--json']);
    expect([next.code, next.json()]).toMatchObject([0, { resumed: true, switched: true, generation: 3 }]);
  });
});

describe('projections rollback', () => {
  it('goes back, and forward again', async () => {
    const built = (await run(['projections', 'rebuild', 'registrations_daily', '--json'])).json();
    await installation.service.register();
    const back = await run(['projections', 'rollback', 'registrations_daily', '--json']);
    expect([back.code, back.json()]).toMatchObject([
      0,
      { projection: 'registrations_daily', generation: built.generation - 1, documents: 1 },
    ]);
    expect((await run(['projections', 'verify', 'registrations_daily'])).code).toBe(0);
    const forward = await run(['projections', 'rollback', 'registrations_daily']);
    expect(forward.code).toBe(0);
    expect(forward.out).toContain(`generation ${built.generation} is live again`);
  });

  it('ends with 1 where nothing is kept', async () => {
    const statuses = root().collection<{ _id: string; live: string }>('projection_status');
    const { live } = (await statuses.findOne({ _id: 'family_activity' }))!;
    await statuses.updateOne(
      { _id: 'family_activity' },
      { $unset: { [`slots.${live === 'a' ? 'b' : 'a'}`]: '' } },
    );
    const { code, out, err } = await run(['projections', 'rollback', 'family_activity']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('There is no earlier generation of family_activity to go back to');
    expect(err).not.toMatch(/^\s+at /m);
  });
});

describe('called wrongly', () => {
  it.each([
    [['rebuild']],
    [['rebuild', 'families', '--all']],
    [['rebuild', 'nonsense']],
    [['verify']],
    [['verify', 'members', '--all']],
    [['rollback', 'nonsense']],
    [['quarantine', 'list', 'nonsense']],
    [['quarantine', 'retry', 'nonsense']],
  ])('projections %j names the projections there are', async (args) => {
    const { code, out, err } = await run(['projections', ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(readModelNames.join(', '));
  });
});
