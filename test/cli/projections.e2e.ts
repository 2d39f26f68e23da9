import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { readModelNames } from '../../src/families/read-models/index.js';
import { startCli, type CliResult } from '../support/cli-installation.js';
import { twoFamilies } from '../support/two-families.js';

const cli = twoFamilies();
const { run, statuses } = cli;

/** Runs a command that has to wait for the lease of a projection, and sends it Ctrl-C before it goes on. */
async function interruptAtLease(args: readonly string[], projection: string): Promise<CliResult> {
  const { rootClient } = cli.installation.service.database;
  // Nobody else changes this status until the transaction ends.
  const session = rootClient.startSession();
  session.startTransaction();
  await statuses().updateOne({ _id: projection }, { $set: { held: true } }, { session });
  const { child, result } = startCli(args, cli.installation.env);
  const waitsForLease = async () => {
    const { inprog } = await rootClient.db('admin').command({ currentOp: 1, active: true });
    return JSON.stringify(inprog).includes('rebuild.owner');
  };
  while (!(await waitsForLease())) await sleep(50);
  child.kill('SIGINT');
  await sleep(100);
  await session.abortTransaction();
  await session.endSession();
  return result;
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
    const rebuild = {
      owner: 'another',
      slot: 'a' as const,
      target: mongoose.mongo.Long.ONE,
      phase: 'build' as const,
      cursor: null,
      seen: mongoose.mongo.Long.ZERO,
      startedAt: new Date(),
      until: new Date(Date.now() + 60_000),
    };
    await statuses().updateOne({ _id: 'members' }, { $set: { rebuild } });
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
      await statuses().updateOne({ _id: 'members' }, { $unset: { rebuild: '' } });
    }
  });

  it('ends with Ctrl-C, and goes on with the next call', async () => {
    // A slot that was live until a moment ago would be let alone for some seconds.
    const longAgo = { 'slots.a.since': new Date(0), 'slots.b.since': new Date(0) };
    await statuses().updateOne({ _id: 'members' }, { $set: longAgo });
    const { code, out } = await interruptAtLease(['projections', 'rebuild', 'members'], 'members');
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
    await cli.installation.service.register();
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

  it('ends with Ctrl-C, and leaves everything as it was', async () => {
    const args = ['projections', 'rollback', 'registrations_daily'];
    const before = (await run(['projections', 'list', '--json'])).json();
    const { code, out } = await interruptAtLease(args, 'registrations_daily');
    expect(code).toBe(130);
    expect(out).toContain('Stopped. What is live of registrations_daily was not touched');
    const after = (await run(['projections', 'list', '--json'])).json();
    expect(after.projections.map(withoutLag)).toEqual(before.projections.map(withoutLag));
    expect((await run(['doctor'])).out).not.toContain('left unfinished');
    expect(await run(args)).toMatchObject({ code: 0 });
  });

  const withoutLag = ({ lag: _lag, ...overview }: { lag: unknown }) => overview;

  it('ends with 1 where nothing is kept', async () => {
    const { live } = (await statuses().findOne({ _id: 'family_activity' }))!;
    await statuses().updateOne(
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
