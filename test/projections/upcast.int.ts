import { randomUUID } from 'node:crypto';
import { familyEventCatalogue, type EventShapes } from '../../src/families/domain/events.js';
import { familyStream } from '../../src/families/family-stream.js';
import { FamilyEventDecoder } from '../../src/families/read-models/family-event-decoder.js';
import { tellHistory } from '../../src/families/read-models/family-history.js';
import { readStream } from '../../src/event-log/read/read-stream.js';
import { seal } from '../../src/privacy/seal.js';
import { Undecodable } from '../../src/projections/event-decoder.js';
import type { ProjectionEngine } from '../../src/projections/engine.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { verifyProjection } from '../../src/projections/verify/verify.js';
import { buildAll, caughtUp, liveOf, startRunner } from '../support/projected.js';
import { familyActivity, families } from '../support/read-models.js';
import {
  createTestProjections,
  type TestProjections,
  type WrittenFamily,
} from '../support/test-projections.js';

/**
 * As if two shapes had changed: what a family is called was `title` once, and the locale of a change lay in what is
 * sealed.
 */
const shapes: EventShapes = {
  catalogue: { ...familyEventCatalogue, FamilyRenamed: { schema: 2 }, FamilyLocaleChanged: { schema: 2 } },
  upcasters: {
    FamilyRenamed: { 1: ({ data, personal: { title } }) => ({ data, personal: { familyName: title } }) },
    FamilyLocaleChanged: { 1: ({ personal: { locale } }) => ({ data: { locale }, personal: {} }) },
  },
};

let test: TestProjections;
let engine: ProjectionEngine;
let family: WrittenFamily;

beforeEach(async () => {
  test = await createTestProjections();
  engine = test.engine([families, familyActivity], new FamilyEventDecoder(test.keys, shapes));
  family = await test.register('The First');
});
afterEach(() => test.close());

/** Appends an event as it was stored before its shape changed. */
async function appendOld(type: string, personal: Record<string, unknown>): Promise<void> {
  const stream = familyStream(family.id);
  const key = (await test.keys.find(family.id))!;
  const sealed = seal(key, { stream, version: family.version + 1 }, personal);
  const { version } = await test.log.append({
    stream,
    expectedVersion: family.version,
    events: [{ type, schema: 1, data: {}, sealed }],
    meta: { actor: 'test', commandId: randomUUID(), correlationId: randomUUID(), causationId: randomUUID() },
    now: new Date(),
  });
  family.version = version;
}

async function inTheOldShape(): Promise<void> {
  await appendOld('FamilyRenamed', { title: 'The Second' });
  await appendOld('FamilyLocaleChanged', { locale: 'pt' });
}

/** What the live generations hold of the family. */
async function shown(): Promise<{ name: unknown; locale: unknown; texts: string[] }> {
  const of = async (projection: string) =>
    engine.slot(projection, (await liveOf(engine, projection)).slot).findOne({ _id: family.id });
  const glance = await of('families');
  const activity = (await of('family_activity')) as { entries?: { text: string }[] } | null;
  const texts = activity?.entries?.map(({ text }) => text).slice(1) ?? [];
  return { name: glance?.['name'], locale: glance?.['locale'], texts };
}

const texts = ['The family is now called "The Second"', 'The language was set to pt'];
const expected = { name: 'The Second', locale: 'pt', texts };

describe('an event whose shape has changed since it was stored', () => {
  it('is folded by whoever follows the log as if it had been stored today', async () => {
    await buildAll(engine);
    const { runner } = startRunner(engine);
    await inTheOldShape();
    await caughtUp(engine);
    expect(await shown()).toEqual(expected);
    await runner.stop();
    expect(await engine.quarantine.countDocuments()).toBe(0);
  });

  it('is so by a rebuild, and a verification finds nothing that differs', async () => {
    await inTheOldShape();
    await buildAll(engine);
    expect(await shown()).toEqual(expected);
    for (const projection of engine.projections) {
      expect(await verifyProjection(engine, projection)).toMatchObject({ ok: true });
      expect(await rebuild(engine, projection, { onlyIfSame: true })).toMatchObject({ switched: true });
    }
  });

  it('is told by a history', async () => {
    await inTheOldShape();
    const decoded = await engine.decoder.decode(await readStream(test.collections, familyStream(family.id)));
    const events = decoded.flatMap((event) => (event instanceof Undecodable ? [] : [event]));
    expect(
      tellHistory(events)
        .entries.map(({ text }) => text)
        .slice(1),
    ).toEqual(texts);
  });
});
