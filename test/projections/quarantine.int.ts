import type { Projection } from '../../src/projections/projection.js';
import { retryQuarantine, RetryNeedsRebuild } from '../../src/projections/quarantine/retry.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { ParkedStreams } from '../../src/projections/verify/parked-streams.js';
import { verifyProjection } from '../../src/projections/verify/verify.js';
import { buildAll, caughtUp, expectProjected, liveOf, startRunner } from '../support/projected.js';
import { families, familyActivity, members, registrationsDaily } from '../support/read-models.js';
import {
  createTestProjections,
  type TestProjections,
  type WrittenFamily,
} from '../support/test-projections.js';
import { documents } from '../support/try-rights.js';

let test: TestProjections;
let poisoned: WrittenFamily;
let others: WrittenFamily[];

beforeEach(async () => {
  test = await createTestProjections();
  poisoned = await test.register('The Unlucky');
  others = await Promise.all([1, 2, 3].map((index) => test.register(`Family ${index}`)));
});
afterEach(() => test.close());

const renamed = (familyName: string) =>
  ({ type: 'FamilyRenamed', data: {}, personal: { familyName } }) as const;
const added = (memberId: string) =>
  ({ type: 'MemberAdded', data: { memberId, role: 'child' }, personal: { nickname: memberId } }) as const;

/** The same projection with a mistake in one handler: it cannot take what the family called "Poison" does. */
function mistaken(projection: Projection, type: string): Projection {
  const right = projection.on[type];
  if (right === undefined) throw new Error(`${projection.name} is not about ${type}`);
  return {
    ...projection,
    on: {
      ...projection.on,
      [type]: (document, event) => {
        if (JSON.stringify(event.personal).includes('Poison')) throw new Error('This handler has a mistake');
        return right(document, event);
      },
    },
  };
}

const parked = (projection: string) => test.engine().quarantine.find({ projection }).toArray();
/** What was parked and mended, as the service runs it. */
const entry = (position: number) => ({
  stream: `family-${poisoned.id}`,
  position,
  type: 'FamilyRenamed',
  error: 'This handler has a mistake',
});

describe('an event that a handler cannot take', () => {
  it('parks its stream in that projection; its other streams and all other projections go on', async () => {
    const mistake = mistaken(families, 'FamilyRenamed');
    const engine = test.engine([mistake, members, familyActivity]);
    await buildAll(engine);
    const { runner, logged } = startRunner(engine);
    await test.append(poisoned, renamed('Before'), added('nina'));
    const position = await test.append(poisoned, renamed('Poison'));
    await test.append(poisoned, added('otto'));
    await test.append(others[0]!, renamed('Healthy'), added('pia'));
    await caughtUp(engine);

    expect(await parked('families')).toMatchObject([entry(position)]);
    expect(await parked('members')).toEqual([]);
    const { slot, generation } = await liveOf(engine, 'families');
    const live = engine.slot('families', slot);
    expect(await live.findOne({ _id: poisoned.id })).toMatchObject({ name: 'Before', members: 2 });
    expect(await live.findOne({ _id: others[0]!.id })).toMatchObject({ name: 'Healthy', members: 2 });
    expect(Number(generation.documents)).toBe(4);
    for (const projection of [members, familyActivity]) await expectProjected(test, engine, projection);
    expect(await verifyProjection(engine, mistake)).toMatchObject({
      ok: false,
      quarantined: 1,
      different: 0,
    });
    expect(logged).toEqual([]);
    await runner.stop();
  });

  it('is driven again after a fix, and its stream followed from there', async () => {
    const { mistake, before } = await parkedInFamilies();
    expect(await retryQuarantine(before, mistake)).toMatchObject({
      taken: 0,
      failures: [{ error: 'This handler has a mistake' }],
    });
    const engine = test.engine([families]);
    const { runner } = startRunner(engine);
    await test.append(others[1]!, renamed('While it waits'));
    const nothing = { taken: 0, stillParked: 0, failures: [] };
    expect(await retryQuarantine(engine, families, 'family-of-nobody')).toEqual(nothing);
    const stream = `family-${poisoned.id}`;
    expect(await retryQuarantine(engine, families, stream)).toMatchObject({ taken: 1 });
    expect(await parked('families')).toEqual([]);
    await test.append(poisoned, added('rosa'));
    await caughtUp(engine);
    await expectProjected(test, engine, families);
    await runner.stop();
  });

  it('keeps the count of documents right where a parked document was deleted meanwhile', async () => {
    await parkedInFamilies();
    const engine = test.engine([families]);
    const { slot } = await liveOf(engine, 'families');
    const { rootClient, name } = test.database;
    await documents(rootClient.db(name), `families@${slot}`).deleteOne({ _id: poisoned.id });
    expect(await retryQuarantine(engine, families)).toMatchObject({ taken: 1, stillParked: 0 });
    const { runner } = startRunner(engine);
    await caughtUp(engine);
    await expectProjected(test, engine, families);
    await runner.stop();
  });

  it('does not exist for a family whose very first event is the one', async () => {
    const mistake = mistaken(families, 'FamilyRegistered');
    const engine = test.engine([mistake]);
    await buildAll(engine);
    const { runner } = startRunner(engine);
    const family = await test.register('Poison');
    await test.append(family, renamed('Later'));
    await caughtUp(engine);
    expect(Number((await liveOf(engine, 'families')).generation.documents)).toBe(4);
    await runner.stop();
    expect(await retryQuarantine(test.engine([families]), families)).toMatchObject({
      taken: 1,
      stillParked: 0,
    });
    const after = startRunner(test.engine([families]));
    await caughtUp(engine);
    await expectProjected(test, engine, families);
    await after.runner.stop();
  });
});

describe('a rebuild that meets an event that a handler cannot take', () => {
  it.each([
    ['one stream', families, 'FamilyRenamed'],
    ['many streams', registrationsDaily, 'FamilyRegistered'],
  ])('parks its stream as the live generation does, and says so: fed by %s', async (_, projection, type) => {
    const poison = await test.register('Poison');
    await test.append(poisoned, renamed('Poison'));
    const mistake = mistaken(projection, type);
    const engine = test.engine([mistake]);
    const first = await rebuild(engine, mistake);
    expect(first).toMatchObject({ switched: true, quarantined: 1 });
    const again = await rebuild(engine, mistake, { onlyIfSame: true });
    expect(again).toMatchObject({
      switched: true,
      quarantined: 1,
      differences: { different: 0, missing: 0 },
    });
    expect(await parked(projection.name)).toHaveLength(2);

    const { runner } = startRunner(engine);
    await test.append(poison, { type: 'FamilyClosed', data: {}, personal: {} });
    await test.append(others[0]!, { type: 'FamilyClosed', data: {}, personal: {} });
    await caughtUp(engine);
    await runner.stop();
    expect(await verifyProjection(engine, mistake)).toMatchObject({
      different: 0,
      missing: 0,
      quarantined: 1,
    });

    const mended = test.engine([projection]);
    const report = await rebuild(mended, projection);
    expect(report).toMatchObject({ switched: true, quarantined: 0 });
    await expectProjected(test, mended, projection);
  });

  it('is the only way out for documents that gather from many streams', async () => {
    await test.register('Poison');
    const mistake = mistaken(registrationsDaily, 'FamilyRegistered');
    await rebuild(test.engine([mistake]), mistake);
    const retry = retryQuarantine(test.engine(), registrationsDaily);
    await expect(retry).rejects.toThrow(RetryNeedsRebuild);
  });

  it('is not misled by what is left in quarantine under its number', async () => {
    await parkedInFamilies();
    const { rootClient, name } = test.database;
    // As after a loss of the status: generations are counted from 1 again.
    await rootClient.db(name).collection('projection_status').deleteMany({});
    const mistake = mistaken(families, 'FamilyRenamed');
    const engine = test.engine([mistake]);
    expect(await rebuild(engine, mistake)).toMatchObject({ generation: 1, quarantined: 1 });
    await rootClient.db(name).collection('projection_status').deleteMany({});
    const mended = test.engine([families]);
    expect(await rebuild(mended, families)).toMatchObject({ generation: 1, quarantined: 0 });
    await expectProjected(test, mended, families);
  });
});

describe('a quarantine that was lost or is out of date', () => {
  it('is named by verify where a stream that cannot be taken is not in it, and mended by a rebuild', async () => {
    const { mistake, before } = await parkedInFamilies();
    expect((await verifyProjection(before, mistake)).problems).toEqual([]);
    const { rootClient, name } = test.database;
    for (const lose of [
      () => rootClient.db(name).collection('projection_quarantine').deleteMany({}),
      () => rootClient.db(name).collection('projection_quarantine').drop(),
    ]) {
      await lose();
      expect(await verifyProjection(before, mistake)).toMatchObject({
        ok: false,
        different: 0,
        quarantined: 0,
        problems: [`not in quarantine, though they cannot be taken: the stream family-${poisoned.id}`],
      });
      await rebuild(before, mistake);
      expect(await verifyProjection(before, mistake)).toMatchObject({ quarantined: 1, problems: [] });
    }
  });

  it('is named by verify where a stream in it can be taken by now, and mended by a retry', async () => {
    await parkedInFamilies();
    const engine = test.engine([families]);
    expect(await verifyProjection(engine, families)).toMatchObject({
      ok: false,
      different: 1,
      quarantined: 1,
      problems: [`in quarantine, though a replay takes them: the stream family-${poisoned.id}`],
    });
    await retryQuarantine(engine, families);
    expect(await verifyProjection(engine, families)).toMatchObject({ ok: true, problems: [] });
  });

  it('names a few of many streams', () => {
    const streams = new ParkedStreams(3, new Set(['in-1', 'in-2', 'both']));
    const found = ['out-1', 'both', 'out-2', 'out-3', 'out-4', 'out-5'];
    streams.met(found.map((stream) => ({ stream, position: 1, type: 'FamilyRenamed', error: 'a fault' })));
    expect(streams.problems()).toEqual([
      'not in quarantine, though they cannot be taken: the streams out-1, out-2, out-3 and 2 more',
      'in quarantine, though a replay takes them: the streams in-1, in-2',
    ]);
  });
});

describe('a family whose key was altered', () => {
  it('is parked alone; the others go on', async () => {
    const engine = test.engine([families]);
    await buildAll(engine);
    const log = test.database.rootClient.db(test.database.logName);
    const keys = documents(log, 'family_keys');
    const [mine, theirs] = await Promise.all(
      [poisoned, others[0]!].map(({ id }) => keys.findOne({ _id: id })),
    );
    await keys.updateOne({ _id: poisoned.id }, { $set: { wrapped: theirs?.['wrapped'] } });
    await test.append(poisoned, renamed('Unreadable'));
    await test.append(others[1]!, renamed('Readable'));
    // A process that has not had the key in its memory.
    const fresh = await test.elsewhere([families]);
    const { runner, logged } = startRunner(fresh.engine);
    await caughtUp(engine);
    await runner.stop();
    expect(logged).toEqual([]);
    expect(await parked('families')).toMatchObject([{ error: expect.stringMatching(/does not open/) }]);

    await keys.updateOne({ _id: poisoned.id }, { $set: { wrapped: mine?.['wrapped'] } });
    expect(await retryQuarantine(fresh.engine, families)).toMatchObject({ taken: 1, stillParked: 0 });
    await expectProjected(test, engine, families);
  });
});

/** A stream parked in the live generation of `families`, by a mistake that is still in the code. */
async function parkedInFamilies(): Promise<{
  mistake: Projection;
  before: ReturnType<TestProjections['engine']>;
}> {
  const mistake = mistaken(families, 'FamilyRenamed');
  const before = test.engine([mistake]);
  await buildAll(before);
  const { runner } = startRunner(before);
  await test.append(poisoned, renamed('Poison'));
  await test.append(poisoned, added('nina'));
  await caughtUp(before);
  await runner.stop();
  return { mistake, before };
}
