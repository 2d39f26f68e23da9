import mongoose from 'mongoose';
import { connectDatabase } from '../../src/database/connect.js';
import { LogCollections } from '../../src/event-log/log-collections.js';
import { FamilyEventDecoder } from '../../src/families/read-models/family-event-decoder.js';
import { ProjectionEngine } from '../../src/projections/engine.js';
import type { Handler, Projection } from '../../src/projections/projection.js';
import { retryQuarantine } from '../../src/projections/quarantine/retry.js';
import { buildAll, caughtUp, expectProjected, HASTY, liveOf, startRunner } from '../support/projected.js';
import { families, members } from '../support/read-models.js';
import { renamed } from '../support/family-events.js';
import {
  createTestProjections,
  type TestProjections,
  type WrittenFamily,
} from '../support/test-projections.js';

let test: TestProjections;
let unlucky: WrittenFamily;
let healthy: WrittenFamily;

beforeEach(async () => {
  test = await createTestProjections();
  unlucky = await test.register('The Unlucky');
  healthy = await test.register('The Healthy');
});
afterEach(() => test.close());

/** What the documents of families hold when they are renamed to this, besides what they should. */
function holding(familyName: string, more: () => Record<string, unknown>): Projection {
  const rename = families.on['FamilyRenamed'];
  const handler: Handler = (document, event) => ({
    ...rename?.(document, event),
    ...(event.personal['familyName'] === familyName ? more() : {}),
  });
  return { ...families, on: { ...families.on, FamilyRenamed: handler } };
}

/** A page in which one event makes a document that MongoDB does not take, among events that are as usual. */
async function follow(projection: Projection) {
  const engine = test.engine([projection, members], undefined, HASTY);
  await buildAll(engine);
  for (let turn = 0; turn < 5; turn += 1) await test.append(healthy, renamed(`Before ${turn}`));
  await test.append(unlucky, renamed('Second'));
  const position = await test.append(unlucky, renamed('Poison'));
  await test.append(unlucky, renamed('Afterwards'));
  for (let turn = 0; turn < 5; turn += 1) await test.append(healthy, renamed(`Healthy ${turn}`));
  const { runner, logged } = startRunner(engine);
  await caughtUp(engine);
  await runner.stop();
  const live = engine.slot('families', (await liveOf(engine, 'families')).slot);
  return { engine, position, logged, live, parked: await engine.quarantine.find().toArray() };
}

describe('a document that cannot be stored', () => {
  it.each<[string, () => Record<string, unknown>, RegExp]>([
    [
      'is larger than a document may be',
      () => ({ blob: 'x'.repeat(17_000_000) }),
      /cannot be stored.*larger/,
    ],
    ['is larger than can be made of it', () => ({ blob: 'x'.repeat(18_000_000) }), /cannot be stored/],
    ['cannot be written as BSON', circular, /cannot be stored/],
  ])(
    'parks its stream with the event that makes it; everything else goes on: it %s',
    async (_how, more, error) => {
      const { engine, position, logged, live, parked } = await follow(holding('Poison', more));
      const entry = { stream: `family-${unlucky.id}`, position, type: 'FamilyRenamed' };
      expect(parked).toMatchObject([{ ...entry, error: expect.stringMatching(error) }]);
      expect(await live.findOne({ _id: unlucky.id })).toMatchObject({ name: 'Second' });
      expect(await live.findOne({ _id: healthy.id })).toMatchObject({ name: 'Healthy 4' });
      await expectProjected(test, engine, members);
      expect(logged).toEqual([]);

      const { since } = parked[0]!;
      expect(await retryQuarantine(engine, holding('Poison', more))).toMatchObject({
        taken: 0,
        stillParked: 1,
      });
      expect(await engine.quarantine.find().toArray()).toMatchObject([{ ...entry, since }]);
      const mended = test.engine([families]);
      expect(await retryQuarantine(mended, families)).toMatchObject({ taken: 1, stillParked: 0 });
      await expectProjected(test, mended, families);
    },
  );

  it('parks its stream where it would be the second of its kind in a unique index', async () => {
    const unique: Projection = {
      ...families,
      indexes: [
        { key: { nickname: 1 }, unique: true, partialFilterExpression: { nickname: { $exists: true } } },
      ],
    };
    const only = { ...holding('Poison', () => ({ nickname: 'Nina' })), indexes: unique.indexes };
    const engine = test.engine([only]);
    await buildAll(engine);
    await test.append(healthy, renamed('Poison'));
    const position = await test.append(unlucky, renamed('Poison'));
    await test.append(healthy, renamed('Later'));
    const { runner, logged } = startRunner(engine);
    await caughtUp(engine);
    await runner.stop();
    const [entry] = await engine.quarantine.find().toArray();
    expect(entry).toMatchObject({ stream: `family-${unlucky.id}`, position });
    expect(entry?.error).toContain('index nickname_1');
    expect(entry?.error).not.toContain('Nina');
    expect(logged).toEqual([]);
  });
});

describe('documents that are large', () => {
  it('are read and written a few megabytes at a time, whatever the page', async () => {
    const blob = 'x'.repeat(1_000_000);
    const large = holding('Large', () => ({ blob }));
    const others = await Promise.all(Array.from({ length: 38 }, () => test.register()));
    const { client, largest } = await watched();
    const log = new LogCollections(client, test.database.logName);
    const decoder = new FamilyEventDecoder(test.keys);
    const engine = new ProjectionEngine(log, test.database.name, [large], decoder, HASTY);
    await buildAll(engine);
    const { runner, logged } = startRunner(engine);
    for (let turn = 0; turn < 2; turn += 1) {
      await Promise.all([...others, unlucky, healthy].map((family) => test.append(family, renamed('Large'))));
    }
    await caughtUp(engine);
    await runner.stop();
    await expectProjected(test, engine, large);
    expect(largest()).toBeGreaterThan(2_000_000);
    expect(largest()).toBeLessThan(17_000_000);
    expect(logged).toEqual([]);
    await client.close();
  }, 30_000);
});

/** A client of which is known how many bytes its largest transaction sent. */
async function watched() {
  const client = await connectDatabase(test.database.uriAs('service'), { monitorCommands: true });
  const transactions = new Map<string, number>();
  client.on('commandStarted', ({ command }) => {
    if (command['txnNumber'] === undefined) return;
    const key = `${command['lsid'].id.toString('hex')} ${command['txnNumber']}`;
    const bytes = mongoose.mongo.BSON.calculateObjectSize(command);
    transactions.set(key, (transactions.get(key) ?? 0) + bytes);
  });
  return { client, largest: () => Math.max(...transactions.values()) };
}

function circular(): Record<string, unknown> {
  const itself: Record<string, unknown> = {};
  itself['itself'] = itself;
  return itself;
}
