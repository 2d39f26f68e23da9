import mongoose from 'mongoose';
import { familyStream } from '../../src/families/family-stream.js';
import type { ProjectionEngine } from '../../src/projections/engine.js';
import type { Projection } from '../../src/projections/projection.js';
import { retryQuarantine } from '../../src/projections/quarantine/retry.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { buildAll, caughtUp, expectProjected, liveOf, startRunner, statusOf } from '../support/projected.js';
import { families, members } from '../support/read-models.js';
import { added, removed, renamed } from '../support/family-events.js';
import {
  createTestProjections,
  type TestProjections,
  type WrittenFamily,
} from '../support/test-projections.js';
import { documents } from '../support/try-rights.js';

let test: TestProjections;
let engine: ProjectionEngine;
let family: WrittenFamily;

beforeEach(async () => {
  test = await createTestProjections();
  family = await test.register();
  await test.register();
  engine = (await test.elsewhere([families])).engine;
  await buildAll(engine);
});
afterEach(() => test.close());

const log = () => test.database.rootClient.db(test.database.logName);
const entries = () => engine.quarantine.find().toArray();

/** Follows the log up to its end, by a process of its own: it has no family's key in its memory. */
async function follow(): Promise<void> {
  engine = (await test.elsewhere([families])).engine;
  const { runner } = startRunner(engine);
  await caughtUp(engine);
  await runner.stop();
}

/** Makes the family's key one that does not open. Returns what mends it. */
async function breakKey(): Promise<() => Promise<void>> {
  const keys = documents(log(), 'family_keys');
  const { wrapped } = (await keys.findOne({ _id: family.id }))!;
  const set = async (to: unknown): Promise<void> => {
    await keys.updateOne({ _id: family.id }, { $set: { wrapped: to } });
  };
  await set(new mongoose.mongo.Binary(Buffer.alloc(60)));
  return () => set(wrapped);
}

/** Breaks the seal of the family's event of this version. Returns what mends it. */
async function breakSeal(version: number): Promise<() => Promise<void>> {
  const events = log().collection('events');
  const one = { stream: familyStream(family.id), version };
  const { sealed } = (await events.findOne(one))!;
  const set = async (to: unknown): Promise<void> => {
    await events.updateOne(one, { $set: { sealed: to } });
  };
  await set(new mongoose.mongo.Binary(Buffer.alloc(60)));
  return () => set(sealed);
}

const live = async () => engine.slot('families', (await liveOf(engine, 'families')).slot);

describe('a retry that cannot even take what was taken before', () => {
  it('leaves the count of documents and the place of the stream as they were', async () => {
    const mend = await breakKey();
    const position = await test.append(family, renamed('Unreadable'));
    await follow();
    const [entry] = await entries();
    expect(entry).toMatchObject({ stream: familyStream(family.id), type: 'FamilyRenamed' });
    expect(Number(entry?.position)).toBe(position);
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await retryQuarantine(engine, families)).toMatchObject({ taken: 0, stillParked: 1 });
    }
    expect(await entries()).toEqual([entry]);
    expect(Number((await liveOf(engine, 'families')).generation.documents)).toBe(2);

    await mend();
    expect(await retryQuarantine(engine, families)).toMatchObject({ taken: 1, stillParked: 0 });
    await expectProjected(test, engine, families);
  });

  it('does not take its documents back to what they were before', async () => {
    await test.append(family, renamed('Second'));
    await follow();
    const mendSecond = await breakSeal(2);
    const mendThird = await test.append(family, renamed('Third')).then(() => breakSeal(3));
    await follow();
    const [entry] = await entries();
    await mendThird();
    expect(await retryQuarantine(engine, families)).toMatchObject({ taken: 0, stillParked: 1 });
    expect(await (await live()).findOne({ _id: family.id })).toMatchObject({ name: 'Second' });
    expect((await entries())[0]).toMatchObject({ position: entry?.position, since: entry?.since });

    await mendSecond();
    expect(await retryQuarantine(engine, families)).toMatchObject({ taken: 1, stillParked: 0 });
    await expectProjected(test, engine, families);
  });
});

describe('a retry that gets further than the last one', () => {
  it('parks the stream where it stops now, with what it has taken by then', async () => {
    await test.append(family, renamed('Second'));
    const mendSecond = await breakSeal(2);
    await follow();
    const third = await test.append(family, renamed('Third'), added('nina', 'Nina'));
    const mendThird = await breakSeal(3);
    await follow();
    await mendSecond();
    expect(await retryQuarantine(engine, families)).toMatchObject({ taken: 0, stillParked: 1 });
    expect(Number((await entries())[0]?.position)).toBe(third - 1);
    expect(await (await live()).findOne({ _id: family.id })).toMatchObject({ name: 'Second', members: 1 });
    await mendThird();
    expect(await retryQuarantine(engine, families)).toMatchObject({ taken: 1, stillParked: 0 });
    await expectProjected(test, engine, families);
  });
});

describe('a retry by code of another version than what is live', () => {
  it('is refused, and changes nothing', async () => {
    const mend = await breakKey();
    await test.append(family, renamed('Unreadable'));
    await follow();
    await mend();
    const before = [await entries(), await (await live()).find().toArray()];
    const next = { ...families, version: 2 };
    await expect(retryQuarantine((await test.elsewhere([next])).engine, next)).rejects.toThrow(
      'families is not built in version 2, which is this code’s: version 1 is live',
    );
    const last = { ...families, version: 0 };
    await expect(retryQuarantine((await test.elsewhere([last])).engine, last)).rejects.toThrow(
      'families is not built in version 0, which is this code’s: version 1 is live',
    );
    expect([await entries(), await (await live()).find().toArray()]).toEqual(before);
  });
});

describe('a retry of very many streams', () => {
  it('holds up whoever follows the log once for some hundred, and names no more than a hundred failures', async () => {
    const mistaken: Projection = {
      ...families,
      on: {
        ...families.on,
        FamilyRegistered: () => {
          throw new Error('A mistake');
        },
      },
    };
    await Promise.all(Array.from({ length: 258 }, () => test.register()));
    const before = test.engine([mistaken]);
    await rebuild(before, mistaken);
    const epochOf = async () => (await statusOf(engine, 'families')).lease.epoch;
    const epoch = await epochOf();
    const failed = await retryQuarantine(before, mistaken);
    expect(failed).toMatchObject({ taken: 0, stillParked: 260 });
    expect(new Set(failed.failures.map(({ stream }) => stream)).size).toBe(100);
    expect(await retryQuarantine(engine, families)).toEqual({ taken: 260, stillParked: 0, failures: [] });
    expect((await epochOf()) - epoch).toBe(4);
    await expectProjected(test, engine, families);
  });

  it('writes what is large in several transactions', async () => {
    const large: Projection = {
      ...families,
      on: {
        ...families.on,
        FamilyRenamed: (document, event) => {
          if (isBroken) throw new Error('A mistake');
          return { ...families.on['FamilyRenamed']!(document, event), blob: 'x'.repeat(6_000_000) };
        },
      },
    };
    let isBroken = true;
    const others = await Promise.all([1, 2, 3].map(() => test.register()));
    for (const one of [family, ...others]) await test.append(one, renamed('Large'));
    const before = test.engine([large]);
    await rebuild(before, large);
    isBroken = false;
    const { epoch } = (await statusOf(engine, 'families')).lease;
    expect(await retryQuarantine(before, large)).toMatchObject({ taken: 4 });
    expect((await statusOf(engine, 'families')).lease.epoch - epoch).toBe(2);
    await expectProjected(test, before, large);
  });
});

describe('a parked stream of which somebody has altered a document', () => {
  it('is counted right when an event that it was parked for is one that removes the document', async () => {
    await test.append(family, added('nina', 'Nina'));
    const inMembers = (await test.elsewhere([members])).engine;
    await rebuild(inMembers, members);
    const { slot } = await liveOf(inMembers, 'members');
    const { rootClient, name } = test.database;
    await documents(rootClient.db(name), `members@${slot}`).updateOne(
      { _id: 'nina' },
      { $set: { position: null } },
    );
    const mend = await breakKey();
    await test.append(family, removed('nina'));
    const fresh = (await test.elsewhere([members])).engine;
    const { runner } = startRunner(fresh);
    await caughtUp(fresh);
    await runner.stop();
    expect(await entries()).toMatchObject([{ projection: 'members', type: 'MemberRemoved' }]);
    await mend();
    expect(await retryQuarantine(fresh, members)).toMatchObject({ taken: 1 });
    await expectProjected(test, fresh, members);
  });
});
