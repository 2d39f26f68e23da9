import type { mongo } from 'mongoose';
import { findView, letViewFollow } from '../../src/projections/generations/view.js';
import { rollBack } from '../../src/projections/rebuild/rollback.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { verifyProjection } from '../../src/projections/verify/verify.js';
import { caughtUp, HASTY, liveOf, startRunner } from '../support/projected.js';
import { until } from '../support/until.js';
import { families } from '../support/read-models.js';
import { createTestProjections, type TestProjections } from '../support/test-projections.js';
import { documents } from '../support/try-rights.js';

let test: TestProjections;
let db: mongo.Db;

beforeEach(async () => {
  test = await createTestProjections();
  db = test.database.rootClient.db(test.database.name);
  for (let index = 0; index < 3; index += 1) await test.register();
  await rebuild(hasty(), families);
});
afterEach(() => test.close());

const hasty = () => test.engine([families], undefined, HASTY);

async function problems(): Promise<string[]> {
  return (await verifyProjection(hasty(), families)).problems;
}

describe('the view of a read model', () => {
  it('follows every switch', async () => {
    const engine = hasty();
    for (const step of [rebuild, rebuild, rollBack, rollBack]) {
      await step(engine, families);
      const { slot } = await liveOf(engine, 'families');
      expect(await findView(engine, 'families')).toEqual({ kind: 'view', on: `families@${slot}` });
      expect(await db.collection('families').countDocuments()).toBe(3);
    }
  });

  it('is named by verify where it was dropped, and made again by a rebuild', async () => {
    await db.dropCollection('families');
    expect(await db.collection('families').countDocuments()).toBe(0);
    expect(await problems()).toEqual(['the view families is missing']);
    await rebuild(hasty(), families);
    expect(await problems()).toEqual([]);
    expect(await db.collection('families').countDocuments()).toBe(3);
  });

  it('is named by verify where it shows something else, and put right by a rebuild', async () => {
    await db.command({ collMod: 'families', viewOn: 'nothing', pipeline: [] });
    expect(await problems()).toEqual([expect.stringMatching(/^the view families shows nothing instead of/)]);
    await rebuild(hasty(), families);
    expect(await problems()).toEqual([]);
  });

  it('takes the place of a collection that a save has made there, whose documents are set aside', async () => {
    await db.dropCollection('families');
    await documents(db, 'families').insertMany([{ _id: 'saved', name: 'By hand' }, { _id: 'too' }]);
    expect(await problems()).toEqual(['families is a plain collection, where a view belongs']);
    const { setAside } = await rebuild(hasty(), families);
    expect(setAside).toMatch(/^families\.set-aside-\d{4}-/);
    expect(
      await documents(db, setAside ?? '')
        .find()
        .toArray(),
    ).toEqual([{ _id: 'saved', name: 'By hand' }, { _id: 'too' }]);
    expect(await problems()).toEqual([]);
    expect(await db.collection('families').countDocuments()).toBe(3);
  });

  it('is put right by whoever follows the log, where a process died between the switch and the view', async () => {
    const { slot } = await liveOf(hasty(), 'families');
    const other = slot === 'a' ? 'b' : 'a';
    await db.command({ collMod: 'families', viewOn: `families@${other}`, pipeline: [] });
    const { runner } = startRunner(hasty());
    await until(async () => (await problems()).length === 0);
    await caughtUp(hasty());
    await runner.stop();
  });

  it('may stay behind a switch, where a transaction that reads it stands in the way: what is live is live', async () => {
    const { slot } = await liveOf(hasty(), 'families');
    const session = test.database.rootClient.startSession();
    session.startTransaction();
    await db.collection('families').find({}, { session, batchSize: 1 }).next();
    // Its cursor is open.
    const { switched, viewBehind } = await rebuild(hasty(), families);
    await session.abortTransaction();
    await session.endSession();
    expect({ switched, viewBehind }).toEqual({ switched: true, viewBehind: expect.stringContaining('time') });
    expect((await liveOf(hasty(), 'families')).slot).not.toBe(slot);
    expect(await problems()).toEqual([expect.stringMatching(/^the view families shows /)]);
    await letViewFollow(hasty(), 'families');
    expect(await problems()).toEqual([]);
  });

  it('refuses to delete, update or save', async () => {
    const view = documents(db, 'families');
    const refused = { code: 166 };
    await expect(view.deleteMany({})).rejects.toMatchObject(refused);
    await expect(view.updateMany({}, { $set: { name: 'x' } })).rejects.toMatchObject(refused);
    await expect(view.replaceOne({ _id: 'x' }, { name: 'x' }, { upsert: true })).rejects.toMatchObject(
      refused,
    );
    await expect(view.insertOne({ _id: 'x' })).rejects.toMatchObject(refused);
  });
});

describe('what is lost of a read model', () => {
  it.each([
    [
      'its live documents',
      () => liveCollection().then((live) => live.drop()),
      /the collection families@. is missing/,
    ],
    [
      'its indexes',
      () => liveCollection().then((live) => live.dropIndexes()),
      /families@. lacks the indexes email_1, /,
    ],
    ['its status', () => db.collection('projection_status').deleteMany({}), /its status is missing/],
  ])('%s: named by verify, brought back by a rebuild', async (_what, lose, named) => {
    await lose();
    expect((await problems()).join()).toMatch(named);
    await rebuild(hasty(), families);
    expect(await verifyProjection(hasty(), families)).toMatchObject({ ok: true, expected: 3, found: 3 });
  });

  it('a runner goes on after the status was deleted and the read model built again', async () => {
    const engine = hasty();
    const { runner } = startRunner(engine);
    await test.register();
    await caughtUp(engine);
    await db.collection('projection_status').deleteMany({});
    await rebuild(engine, families);
    await test.register();
    await caughtUp(engine);
    expect(await verifyProjection(engine, families)).toMatchObject({ ok: true, found: 5 });
    await runner.stop();
  });

  async function liveCollection(): Promise<mongo.Collection> {
    return db.collection(`families@${(await liveOf(hasty(), 'families')).slot}`);
  }
});
