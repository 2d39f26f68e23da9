import { setTimeout as sleep } from 'node:timers/promises';
import { readModelNames } from '../../src/families/read-models/index.js';
import { startCli } from '../support/cli-installation.js';
import { startCuttingProxy } from '../support/cutting-proxy.js';
import { twoFamilies } from '../support/two-families.js';

const cli = twoFamilies();
const { run, statuses, liveSlot } = cli;

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
    const [before] = await documents.find({ _id: cli.family.id }).toArray();
    await documents.updateOne({ _id: cli.family.id }, { $set: { name: 'Somebody Else' } });
    await documents.insertOne({ _id: 'nobody' });
    const { code, json } = await run(['projections', 'verify', 'families', '--json']);
    expect(code).toBe(1);
    expect(json()).toMatchObject({ ok: false, missing: 0, extra: 1, different: 1, expected: 2, found: 3 });
    expect(json().samples).toContainEqual({ kind: 'different', id: cli.family.id, fields: ['name'] });
    await documents.deleteOne({ _id: 'nobody' });
    await documents.deleteOne({ _id: cli.family.id });
    const words = await run(['projections', 'verify', 'families']);
    expect(words.code).toBe(1);
    expect(words.out).toContain('missing    1');
    expect(words.out).toContain(`e.g. ${cli.family.id} is missing`);
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
    expect(await (await liveSlot('families')).findOne({ _id: cli.family.id })).toEqual(before);
    expect((await run(['projections', 'verify', 'families'])).code).toBe(0);
  });
});

describe('projections verify that cannot compare, or is ended', () => {
  it.each([
    [
      0,
      'restart the service, which builds this version; or run "family-accounts projections rebuild members"',
    ],
    [2, 'use the version of this program that the service runs'],
  ])('says what to do where version %d of the projection is live', async (version, remedy) => {
    const { live } = (await statuses().findOne({ _id: 'members' }))!;
    await statuses().updateOne({ _id: 'members' }, { $set: { [`slots.${live}.version`]: version } });
    try {
      const { code, out } = await run(['projections', 'verify', 'members']);
      expect(code).toBe(1);
      expect(out).toContain(`the live generation is of version ${version}, this code is of version 1`);
      expect(out).toContain(`What to do: ${remedy}.`);
      expect(out).not.toContain('to put it right');
    } finally {
      await statuses().updateOne({ _id: 'members' }, { $set: { [`slots.${live}.version`]: 1 } });
    }
  });

  it('ends with Ctrl-C, and tells what it has found by then', async () => {
    const server = new URL(cli.installation.env.MONGODB_URI!);
    const proxy = await startCuttingProxy(Number(server.port));
    server.port = `${proxy.port}`;
    try {
      const stalled = proxy.stallAt('members@');
      const { child, result } = startCli(['projections', 'verify', '--all'], {
        ...cli.installation.env,
        MONGODB_URI: server.href,
      });
      await stalled;
      child.kill('SIGINT');
      await sleep(100);
      proxy.resume();
      const { code, out } = await result;
      expect(code).toBe(130);
      expect(out).toBe('families: 2 documents, all as the log says (position 2).\nStopped at members.\n');
    } finally {
      await proxy.close();
    }
  });
});
