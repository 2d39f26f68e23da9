import type { mongo } from 'mongoose';
import type { FamilyEvent } from '../../src/families/domain/events.js';
import { readModels } from '../../src/families/read-models/index.js';
import type { ProjectionEngine } from '../../src/projections/engine.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import type { ProjectionRunner } from '../../src/projections/runner/runner.js';
import { verifyProjection } from '../../src/projections/verify/verify.js';
import { buildAll, caughtUp, expectProjected, liveOf, startRunner } from '../support/projected.js';
import {
  createTestProjections,
  type TestProjections,
  type WrittenFamily,
} from '../support/test-projections.js';
import { documents, type AnyDocument } from '../support/try-rights.js';

let test: TestProjections;
let engine: ProjectionEngine;
let runner: ProjectionRunner;
let logged: string[];
let family: WrittenFamily;

beforeEach(async () => {
  test = await createTestProjections();
  engine = test.engine();
  family = await test.register();
  await test.append(family, added('nina'), added('otto'));
  for (let index = 0; index < 5; index += 1) await test.register();
  await buildAll(engine);
  ({ runner, logged } = startRunner(engine));
  await caughtUp(engine);
});
afterEach(async () => {
  await runner.stop();
  await test.close();
});

/** The live documents, as root has them in a shell. */
async function liveAsRoot(projection: string): Promise<mongo.Collection<AnyDocument>> {
  const { slot } = await liveOf(engine, projection);
  const { rootClient, name } = test.database;
  return documents(rootClient.db(name), `${projection}@${slot}`);
}

function added(memberId: string): FamilyEvent {
  return { type: 'MemberAdded', data: { memberId, role: 'child' }, personal: { nickname: memberId } };
}

const renamed: FamilyEvent = { type: 'FamilyRenamed', data: {}, personal: { familyName: 'The Renamed' } };

async function expectAllProjected(): Promise<void> {
  await caughtUp(engine);
  for (const projection of readModels) await expectProjected(test, engine, projection);
}

describe('a document that was deleted behind our back', () => {
  it('is folded again from its stream when the next event touches it', async () => {
    for (const projection of ['families', 'family_activity']) {
      expect(await (await liveAsRoot(projection)).deleteOne({ _id: family.id })).toMatchObject({
        deletedCount: 1,
      });
    }
    await test.append(family, renamed, added('pia'));
    await expectAllProjected();
  });

  it('is folded again with all its siblings, of which others were deleted too', async () => {
    await (await liveAsRoot('members')).deleteMany({ family: family.id });
    await test.append(family, {
      type: 'MemberRenamed',
      data: { memberId: 'nina' },
      personal: { nickname: 'Nin' },
    });
    await expectAllProjected();
  });

  it('is not counted any more once an event has removed it', async () => {
    await (await liveAsRoot('members')).deleteOne({ _id: 'nina' });
    await test.append(family, { type: 'MemberRemoved', data: { memberId: 'nina' }, personal: {} });
    await expectAllProjected();
  });

  it('is named by verify, and brought back by a rebuild, where no event touches it', async () => {
    const [families] = readModels;
    if (families === undefined) throw new Error('There are no read models');
    await (await liveAsRoot('families')).deleteOne({ _id: family.id });
    const missing = { missing: 1, extra: 0, different: 0, samples: [{ kind: 'missing', id: family.id }] };
    expect(await verifyProjection(engine, families)).toMatchObject({
      ok: false,
      expected: 6,
      found: 5,
      ...missing,
    });
    expect(await rebuild(engine, families)).toMatchObject({ switched: true, differences: missing });
    expect(await verifyProjection(engine, families)).toMatchObject({ ok: true });
    await expectAllProjected();
  });
});

describe('a document that was written behind our back', () => {
  const spoilt: [string, mongo.Document][] = [
    ['without its position', { name: 'Saved by hand' }],
    ['with a position that is text', { name: 'Saved by hand', position: '7' }],
    ['with a position that is null', { name: 'Saved by hand', position: null }],
    ['with a position that the log has not reached', { name: 'Saved by hand', position: 1e9 }],
    ['with a fraction for a position', { name: 'Saved by hand', position: 1.5 }],
  ];

  it.each(spoilt)('is made good by the next event: %s', async (_how, fields) => {
    for (const projection of ['families', 'family_activity']) {
      await (await liveAsRoot(projection)).replaceOne({ _id: family.id }, fields);
    }
    await (await liveAsRoot('members')).replaceOne({ _id: 'otto' }, fields);
    await test.append(family, renamed, {
      type: 'MemberBirthYearChanged',
      data: { memberId: 'otto' },
      personal: { birthYear: 2015 },
    });
    await expectAllProjected();
    expect(logged).toEqual([]);
  });

  it('is made good by the events that begin its stream, if it was there before them', async () => {
    await runner.stop();
    const later = await test.register();
    await (await liveAsRoot('families')).insertOne({ _id: later.id, name: 'Saved by hand', position: 3 });
    await (await liveAsRoot('members')).insertOne({ _id: later.owner, nickname: 'By hand' });
    await test.append(later, renamed);
    ({ runner, logged } = startRunner(engine));
    await expectAllProjected();
    expect(logged).toEqual([]);
  });

  it('does not hold up a read model whose documents gather from many streams', async () => {
    const days = await liveAsRoot('registrations_daily');
    const [today] = await days.find().toArray();
    await days.replaceOne({ _id: today?._id ?? '' }, { registered: 1 });
    await test.register();
    await caughtUp(engine);
    expect(logged).toEqual([]);
    const daily = readModels.find(({ name }) => name === 'registrations_daily');
    if (daily === undefined) throw new Error('It has another name now');
    expect(await verifyProjection(engine, daily)).toMatchObject({ ok: false, different: 1 });
    await rebuild(engine, daily);
    await expectAllProjected();
  });

  it('is found by verify, and by the comparison of a rebuild, whatever its id is', async () => {
    const [families] = readModels;
    if (families === undefined) throw new Error('There are no read models');
    const live = await liveAsRoot('families');
    const { rootClient, name } = test.database;
    const strangers = ['not-a-family', 7, new Date(0)].map((_id) => ({ _id, name: 'Nobody' }));
    await rootClient.db(name).command({ insert: live.collectionName, documents: strangers });
    await live.updateOne({ _id: family.id }, { $set: { members: 9, status: 'closed' } });
    const found = await verifyProjection(engine, families);
    expect(found).toMatchObject({ ok: false, missing: 0, extra: 3, different: 1 });
    expect(found.samples).toContainEqual({ kind: 'different', id: family.id, fields: ['status', 'members'] });
    expect(await rebuild(engine, families, { onlyIfSame: true })).toMatchObject({
      switched: false,
      differences: { missing: 0, extra: 3, different: 1 },
    });
    await rebuild(engine, families);
    await expectAllProjected();
  });
});
