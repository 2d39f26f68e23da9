import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { familyStream } from '../../src/families/family-stream.js';
import { ProjectionsService } from '../../src/projections/projections.service.js';
import type { OnProgress } from '../../src/projections/progress.js';
import { NewerGenerationLive, planRebuild } from '../../src/projections/rebuild/plan-rebuild.js';
import { RebuildLease } from '../../src/projections/rebuild/rebuild-lease.js';
import { NotCertified } from '../../src/projections/rebuild/certify.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { verifyProjection } from '../../src/projections/verify/verify.js';
import { HASTY, liveOf, statusOf } from '../support/projected.js';
import { until } from '../support/until.js';
import { families, registrationsDaily } from '../support/read-models.js';
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

const hasty = () => test.engine(undefined, undefined, HASTY);

/** Begins a rebuild of families and leaves it when the whole log is in the slot. */
async function leaveUnfinished(): Promise<void> {
  const ending = new AbortController();
  const onProgress = (phase: string): void => {
    if (phase === 'Certifying') ending.abort();
  };
  const left = rebuild(hasty(), families, { signal: ending.signal, onProgress });
  await expect(left).rejects.toThrow('aborted');
}

describe('a rebuild that was left unfinished', () => {
  it('is gone on with', async () => {
    await rebuild(hasty(), families);
    await leaveUnfinished();
    await test.register();
    expect(await rebuild(hasty(), families)).toMatchObject({ resumed: true, generation: 2, documents: 2 });
  });

  it('is not gone on with by another version of the projection', async () => {
    await rebuild(hasty(), families);
    await leaveUnfinished();
    const next = { ...families, version: 2 };
    const engine = test.engine([next], undefined, HASTY);
    expect(await rebuild(engine, next)).toMatchObject({ resumed: false, generation: 3, differences: null });
  });

  it('is discarded where its documents are not those it has written, and begun anew the next time', async () => {
    await rebuild(hasty(), families);
    await leaveUnfinished();
    const { slot } = await liveOf(hasty(), 'families');
    const { rootClient, name } = test.database;
    const building = documents(rootClient.db(name), `families@${slot === 'a' ? 'b' : 'a'}`);
    await building.deleteMany({});
    await expect(rebuild(hasty(), families)).rejects.toThrow(NotCertified);
    expect(await rebuild(hasty(), families)).toMatchObject({ resumed: false, switched: true });
    expect(await verifyProjection(hasty(), families)).toMatchObject({ ok: true });
  });

  it('is not overwritten by a plan that was made before it went on: another plan is made', async () => {
    await leaveUnfinished();
    const engine = hasty();
    const planned: (string | null)[] = [];
    const lease = await RebuildLease.take(engine, families, async (status) => {
      const plan = planRebuild(status, families, 1);
      planned.push(plan.cursor);
      await engine.statuses.updateOne({ _id: 'families' }, { $set: { 'rebuild.cursor': 'gone on' } });
      return plan;
    });
    expect(planned).toEqual([familyStream(family.id), 'gone on']);
    expect(lease.plan.cursor).toBe('gone on');
    await lease.release();
  });
});

describe('a rebuild by older code than that of the live generation', () => {
  it('is refused: nobody who runs would follow what it makes', async () => {
    const next = { ...families, version: 2 };
    await rebuild(test.engine([next], undefined, HASTY), next);
    await expect(rebuild(hasty(), families)).rejects.toThrow(NewerGenerationLive);
    expect((await liveOf(hasty(), 'families')).generation).toMatchObject({ version: 2 });
  });
});

describe('a rebuild of a read model that nobody follows', () => {
  it('is proved up to the end of the log, not only up to where the live one stands', async () => {
    await rebuild(hasty(), families);
    for (let index = 0; index < 5; index += 1) await test.register();
    const certified: [number, number][] = [];
    const onProgress: OnProgress = (phase, done, total) => {
      if (phase === 'Certifying') certified.push([done, total]);
    };
    const report = await rebuild(hasty(), families, { onProgress });
    expect(certified.at(-1)).toEqual([6, 6]);
    expect(report).toMatchObject({ position: 6, events: 6, documents: 6, switchedAt: 6 });
  });

  it('is stopped while it catches up, too', async () => {
    await rebuild(hasty(), families);
    await test.register();
    const ending = new AbortController();
    const onProgress: OnProgress = (phase) => {
      if (phase === 'Catching up') ending.abort();
    };
    const stopped = rebuild(hasty(), families, { signal: ending.signal, onProgress });
    await expect(stopped).rejects.toThrow('aborted');
  });
});

describe('a rebuild that is to switch only where nothing differs', () => {
  it('does not switch where nothing could be compared', async () => {
    await rebuild(hasty(), families);
    const next = { ...families, version: 2 };
    const report = await rebuild(test.engine([next], undefined, HASTY), next, { onlyIfSame: true });
    expect(report).toMatchObject({ switched: false, differences: null });
    expect((await liveOf(hasty(), 'families')).generation).toMatchObject({ generation: 1, version: 1 });
  });

  it('switches where nothing is live yet', async () => {
    expect(await rebuild(hasty(), families, { onlyIfSame: true })).toMatchObject({ switched: true });
  });
});

describe('a service that starts', () => {
  it('builds what it can, also after one that it cannot', async () => {
    await test.log.append({
      stream: familyStream(family.id),
      expectedVersion: family.version,
      events: [{ type: 'FamilyTeleported', schema: 1, data: {} }],
      meta: {
        actor: 'test',
        commandId: randomUUID(),
        correlationId: randomUUID(),
        causationId: randomUUID(),
      },
      now: new Date(),
    });
    const logged: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
    const service = new ProjectionsService(hasty(), logger);
    service.start();
    await until(
      async () => (await statusOf(hasty(), registrationsDaily.name).catch(() => null))?.live === 'a',
    );
    await service.stop();
    expect(logged.join()).toContain('"projection":"family_activity"');
    expect(logged.join()).toContain('was written by a newer version of this service');
  });
});
