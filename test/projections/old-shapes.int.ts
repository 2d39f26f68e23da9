import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedEvent } from '../../src/event-log/event.js';
import { familyStream } from '../../src/families/family-stream.js';
import { FamilyEventDecoder } from '../../src/families/read-models/family-event-decoder.js';
import type { EventDecoder } from '../../src/projections/event-decoder.js';
import { NeedsNewerCode } from '../../src/projections/fold-stream.js';
import { rollBack } from '../../src/projections/rebuild/rollback.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { verifyProjection } from '../../src/projections/verify/verify.js';
import { buildAll, caughtUp, HASTY, liveOf, startRunner, statusOf } from '../support/projected.js';
import { until } from '../support/until.js';
import { families, familyActivity, members, registrationsDaily } from '../support/read-models.js';
import {
  createTestProjections,
  type TestProjections,
  type WrittenFamily,
} from '../support/test-projections.js';
import { documents } from '../support/try-rights.js';

let test: TestProjections;
let family: WrittenFamily;

beforeEach(async () => {
  test = await createTestProjections();
  family = await test.register();
});
afterEach(() => test.close());

const renamed = (familyName: string) =>
  ({ type: 'FamilyRenamed', data: {}, personal: { familyName } }) as const;
const hasty = () => test.engine(undefined, undefined, HASTY);

/** Appends an event as a newer version of the service would. Returns its position. */
async function appendNewer(type: string, schema: number): Promise<number> {
  const { position, version } = await test.log.append({
    stream: familyStream(family.id),
    expectedVersion: family.version,
    events: [{ type, schema, data: {} }],
    meta: { actor: 'test', commandId: randomUUID(), correlationId: randomUUID(), causationId: randomUUID() },
    now: new Date(),
  });
  family.version = version;
  return position;
}

/** Newer code: it knows one more type, and schema 2 of another. */
function newerDecoder(): EventDecoder {
  const present = new FamilyEventDecoder(test.keys);
  return {
    knows: (type) => type === 'FamilyTeleported' || present.knows(type),
    decode: (events: readonly RecordedEvent[]) =>
      present.decode(events.map((event) => ({ ...event, schema: 1 }))),
  };
}

async function checkpointOf(projection: string): Promise<number> {
  return Number((await liveOf(hasty(), projection)).generation.checkpoint);
}

describe('an event of a type that this code does not know', () => {
  it('stops only the projection that tells of everything, just before it, and its status says why', async () => {
    const engine = hasty();
    await buildAll(engine);
    const { runner, logged } = startRunner(engine);
    const position = await appendNewer('FamilyTeleported', 1);
    await test.append(family, renamed('Later'));
    await caughtUp(engine, ['families', 'members', 'registrations_daily']);
    await until(async () => (await statusOf(engine, 'family_activity')).stopped !== undefined);
    const { stopped } = await statusOf(engine, 'family_activity');
    expect(Number(stopped?.position)).toBe(position);
    expect(stopped?.message).toBe(
      `The event at position ${position} (FamilyTeleported, schema 1) was written by a newer version of this ` +
        'service; run that version',
    );
    expect(await checkpointOf('family_activity')).toBe(position - 1);
    expect(logged.join()).toContain('run that version');
    for (const projection of [families, members, registrationsDaily, familyActivity]) {
      expect(await verifyProjection(engine, projection)).toMatchObject({ ok: true });
    }
    await runner.stop();
  });

  it('is passed by a process of the newer version, which clears the status', async () => {
    const engine = hasty();
    await buildAll(engine);
    const old = startRunner(engine);
    await appendNewer('FamilyTeleported', 1);
    await until(async () => (await statusOf(engine, 'family_activity')).stopped !== undefined);
    // The old process goes on with everything else.
    const newer = startRunner(test.engine(undefined, newerDecoder(), HASTY));
    await test.append(family, renamed('Later'));
    await caughtUp(engine);
    expect((await statusOf(engine, 'family_activity')).stopped).toBeUndefined();
    await newer.runner.stop();
    // And takes it up again where the newer one has gone away.
    await test.append(family, renamed('Latest'));
    await caughtUp(engine);
    await old.runner.stop();
    // What newer code has taken is nothing that this code can judge.
    await expect(verifyProjection(engine, familyActivity)).rejects.toThrow(NeedsNewerCode);
  });

  it('ends a rebuild instead of turning it round and round', async () => {
    const engine = hasty();
    await buildAll(engine);
    await rebuild(engine, familyActivity);
    await appendNewer('FamilyTeleported', 1);
    await expect(rebuild(engine, familyActivity)).rejects.toThrow(NeedsNewerCode);
    const newer = test.engine(undefined, newerDecoder(), HASTY);
    expect(await rebuild(newer, familyActivity)).toMatchObject({ switched: true, resumed: true });
    await expect(rollBack(engine, familyActivity)).rejects.toThrow(NeedsNewerCode);
    await expect(rebuild(engine, familyActivity)).rejects.toThrow(NeedsNewerCode);
    expect(await rebuild(engine, families)).toMatchObject({ switched: true });
  }, 20_000);
});

describe('an event of a newer schema', () => {
  it('stops every projection that is about it, and a replay of those, and no other', async () => {
    const engine = hasty();
    await buildAll(engine);
    const { runner } = startRunner(engine);
    const position = await appendNewer('FamilyClosed', 2);
    await test.append(family, renamed('Later'));
    await caughtUp(engine, ['members']);
    for (const name of ['families', 'family_activity', 'registrations_daily']) {
      await until(async () => (await statusOf(engine, name)).stopped !== undefined);
      expect(await checkpointOf(name)).toBe(position - 1);
      expect((await statusOf(engine, name)).stopped?.message).toContain('(FamilyClosed, schema 2)');
    }
    const newer = startRunner(test.engine(undefined, newerDecoder(), HASTY));
    await caughtUp(engine);
    await newer.runner.stop();
    await runner.stop();
    for (const projection of [families, familyActivity, registrationsDaily]) {
      await expect(verifyProjection(engine, projection)).rejects.toThrow(NeedsNewerCode);
      await expect(rebuild(engine, projection)).rejects.toThrow(NeedsNewerCode);
    }
    expect(await verifyProjection(engine, members)).toMatchObject({ ok: true });
  });
});

describe('a document that is to be folded again, from a stream that newer code has gone on with', () => {
  it('stops the projection before the event that shows it, until newer code has passed that', async () => {
    const engine = hasty();
    await buildAll(engine);
    const passed = await appendNewer('FamilyClosed', 2);
    const first = startRunner(test.engine(undefined, newerDecoder(), HASTY));
    await caughtUp(engine);
    await first.runner.stop();

    const { slot } = await liveOf(engine, 'families');
    const { rootClient, name } = test.database;
    await documents(rootClient.db(name), `families@${slot}`).deleteOne({ _id: family.id });
    const { runner, logged } = startRunner(engine);
    await test.register();
    const position = await test.append(family, renamed('Later'));
    await until(async () => (await statusOf(engine, 'families')).stopped !== undefined);
    expect((await statusOf(engine, 'families')).stopped?.message).toContain(
      `at position ${passed} (FamilyClosed`,
    );
    expect(await checkpointOf('families')).toBe(position - 1);
    await sleep(1_000);
    expect(logged).toHaveLength(1);
    await caughtUp(engine, ['members', 'family_activity', 'registrations_daily']);

    const newer = startRunner(test.engine(undefined, newerDecoder(), HASTY));
    await caughtUp(engine);
    await newer.runner.stop();
    await test.append(family, renamed('Latest'));
    await caughtUp(engine);
    expect(await engine.slot('families', slot).findOne({ _id: family.id })).toMatchObject({ name: 'Latest' });
    await runner.stop();
  });
});

describe('two versions of a projection in two processes', () => {
  it('are followed by the one whose version is live, whoever was first', async () => {
    const engine = hasty();
    await buildAll(engine);
    const old = startRunner(engine);
    const next = test.engine([{ ...families, version: 2 }], undefined, HASTY);
    const newer = startRunner(next);
    await test.append(family, renamed('Version 1'));
    await caughtUp(engine);
    await rebuild(next, next.projection('families'));
    for (let turn = 0; turn < 5; turn += 1) {
      await test.append(family, renamed(`Version 2, ${turn}`));
      await caughtUp(engine);
    }
    await newer.runner.stop();
    await old.runner.stop();
  });
});
