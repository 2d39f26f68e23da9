import { families } from '../../src/families/read-models/families.js';
import { findView } from '../../src/projections/generations/view.js';
import type { Projection } from '../../src/projections/projection.js';
import { retryQuarantine } from '../../src/projections/quarantine/retry.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { verifyProjection } from '../../src/projections/verify/verify.js';
import { createTestProjections, type TestProjections } from '../support/test-projections.js';

let test: TestProjections;
beforeEach(async () => {
  test = await createTestProjections();
});
afterEach(() => test.close());

function root() {
  const { rootClient, name } = test.database;
  return rootClient.db(name);
}

async function loseStatus() {
  await root().collection<{ _id: string }>('projection_status').deleteOne({ _id: 'families' });
}

/** The families as a handler with a fault would fold them. */
const faulty: Projection = {
  ...families,
  on: {
    ...families.on,
    FamilyRenamed: () => {
      throw new Error('This handler has a fault');
    },
  },
};

describe('after the status was lost, a rebuild', () => {
  it('leaves alone what the view still shows until it switches', async () => {
    await test.register();
    const engine = test.engine();
    await rebuild(engine, families);
    const shown = await findView(engine, 'families');
    await loseStatus();
    const read: Promise<number>[] = [];
    await rebuild(engine, families, {
      onProgress: () => read.push(root().collection('families').countDocuments()),
    });
    expect(new Set(await Promise.all(read))).toEqual(new Set([1]));
    expect(await findView(engine, 'families')).not.toEqual(shown);
    expect(await verifyProjection(engine, families)).toMatchObject({ ok: true });
  });

  it('forgets what the generation of the same number had parked', async () => {
    const family = await test.register();
    await test.append(family, { type: 'FamilyRenamed', data: {}, personal: { familyName: 'Renamed' } });
    const broken = test.engine([faulty]);
    expect(await rebuild(broken, faulty)).toMatchObject({ generation: 1, quarantined: 1 });
    await loseStatus();
    expect(await rebuild(broken, faulty)).toMatchObject({ generation: 1, quarantined: 1 });
    await loseStatus();
    const engine = test.engine();
    expect(await rebuild(engine, families)).toMatchObject({ generation: 1, quarantined: 0 });
    expect(await verifyProjection(engine, families)).toMatchObject({ ok: true, quarantined: 0 });
  });

  it('is what a retry of the quarantine asks for', async () => {
    await expect(retryQuarantine(test.engine(), families)).rejects.toThrow('has not been built yet');
  });
});

describe('a rebuild only if it is the same', () => {
  it('does not switch where the live generation is of another version, and says why', async () => {
    await test.register();
    await rebuild(test.engine(), families);
    const next: Projection = { ...families, version: 2 };
    const engine = test.engine([next]);
    expect((await verifyProjection(engine, next)).problems).toEqual([
      'the live generation is of version 1, this code is of version 2',
    ]);
    expect(await rebuild(engine, next, { onlyIfSame: true })).toMatchObject({
      switched: false,
      differences: null,
      notCompared: 'the live generation is of version 1, the new one of 2',
    });
    expect(await rebuild(engine, next)).toMatchObject({ switched: true });
  });

  it('does not switch where the live generation does not get to where the new one is', async () => {
    const family = await test.register();
    const engine = test.engine();
    await rebuild(engine, families);
    await test.append(family, { type: 'FamilyRenamed', data: {}, personal: { familyName: 'Renamed' } });
    await rebuild(engine, families);
    const interrupted = rebuild(engine, families, {
      onProgress: (phase) => {
        if (phase === 'Certifying') throw new Error('interrupted');
      },
    });
    await expect(interrupted).rejects.toThrow('interrupted');
    const { live } = (await engine.statuses.findOne({ _id: 'families' }))!;
    await engine.statuses.updateOne({ _id: 'families' }, { $set: { [`slots.${live}.checkpoint`]: 1 } });
    expect(await rebuild(engine, families, { onlyIfSame: true })).toMatchObject({
      switched: false,
      resumed: true,
      notCompared: expect.stringContaining('stands at position 1'),
    });
  });
});

describe('a view that filters', () => {
  it('is found and mended', async () => {
    await test.register();
    const engine = test.engine();
    await rebuild(engine, families);
    await root().command({
      collMod: 'families',
      viewOn: 'families@a',
      pipeline: [{ $match: { name: 'X' } }],
    });
    expect((await verifyProjection(engine, families)).problems).toEqual([
      'the view families shows families@a through a pipeline instead of families@a',
    ]);
    await rebuild(engine, families);
    expect(await verifyProjection(engine, families)).toMatchObject({ ok: true, problems: [] });
    expect(await root().collection('families').countDocuments()).toBe(1);
  });
});
