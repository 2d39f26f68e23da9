import { setTimeout as sleep } from 'node:timers/promises';
import { families, familyActivity } from '../support/read-models.js';
import { makeSlot } from '../../src/projections/generations/make-slot.js';
import type { Projection } from '../../src/projections/projection.js';
import { LiveSlots } from '../../src/projections/read/live-slot.js';
import { RebuildLost, RebuildRunning } from '../../src/projections/rebuild/rebuild-lease.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import type { Phase } from '../../src/projections/progress.js';
import { buildAll, caughtUp, expectProjected, HASTY, liveOf, startRunner } from '../support/projected.js';
import { until } from '../support/until.js';
import { rebuildingProcess } from '../support/rebuilding-process.js';
import {
  createTestProjections,
  type TestProjections,
  type WrittenFamily,
} from '../support/test-projections.js';
import { startWrites, writeFamilies } from '../support/writes.js';

let test: TestProjections;
let written: WrittenFamily[];

beforeAll(async () => {
  test = await createTestProjections();
  written = await writeFamilies(test, 400, 2);
  await buildAll(test.engine());
});
afterAll(() => test.close());

const hasty = () => test.engine(undefined, undefined, HASTY);

describe('two rebuilds of one projection at once', () => {
  it('are one: the second is refused, and told since when the first one has been running', async () => {
    const engine = hasty();
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => rebuild(engine, families)));
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refused).toHaveLength(4);
    for (const reason of refused) expect(reason).toBeInstanceOf(RebuildRunning);
    expect(String(refused[0])).toMatch(
      /has been rebuilding families, or rolling it back, since \d{4}-.* \((build|catch-up)\)/,
    );
    await catchUpAndCheck(families);
  });

  it('do not keep rebuilds of others waiting', async () => {
    const engine = hasty();
    const reports = await Promise.all(engine.projections.map((projection) => rebuild(engine, projection)));
    expect(reports.map(({ switched }) => switched)).toEqual(engine.projections.map(() => true));
  });
});

describe('a rebuild that slept for longer than its lease', () => {
  const phases: [Phase, Projection][] = [
    ['Replaying the log', families],
    ['Comparing', families],
    ['Certifying', familyActivity],
  ];

  it.each(phases)('writes nothing after another one has taken over: %s', async (stopAt, projection) => {
    const engine = hasty();
    const sleeper = await rebuildingProcess(test, projection.name, { times: HASTY, stopAt });
    await sleeper.begin();
    await sleeper.stopped;
    await expect(rebuild(engine, projection)).rejects.toThrow(RebuildRunning);
    await sleep(HASTY.rebuildLeaseMs + 200);
    const report = await rebuild(engine, projection);
    expect(report).toMatchObject({ switched: true, resumed: true });
    sleeper.signal('SIGCONT');
    expect(await sleeper.outcome).toMatchObject({ is: 'failed', error: 'RebuildLost' });
    expect((await liveOf(engine, projection.name)).generation.generation).toBe(report.generation);
    await catchUpAndCheck(projection);
  });

  it('goes on where nobody has taken over', async () => {
    const sleeper = await rebuildingProcess(test, 'families', { times: HASTY, stopAt: 'Certifying' });
    await sleeper.begin();
    await sleeper.stopped;
    await sleep(HASTY.rebuildLeaseMs + 200);
    sleeper.signal('SIGCONT');
    expect(await sleeper.outcome).toMatchObject({ is: 'done', report: { switched: true } });
    await catchUpAndCheck(families);
  });

  it('drops nothing that another one has made in its slot meanwhile', async () => {
    const engine = hasty();
    const { slot } = await liveOf(engine, 'families');
    const other = slot === 'a' ? 'b' : 'a';
    let asked = 0;
    const slept = makeSlot(engine, families, other, async () => {
      asked += 1;
      if (asked > 1) throw new RebuildLost('families');
      // It was its turn still when it asked; everything else happens before it drops what it has seen.
      await rebuild(engine, families);
    });
    await expect(slept).rejects.toThrow(RebuildLost);
    expect((await liveOf(engine, 'families')).slot).toBe(other);
    await catchUpAndCheck(families);
  });
});

describe('a rebuild while 500 appends a second go on', () => {
  it('ends, fails no read, and takes no reader back in the log', async () => {
    const engine = test.engine(undefined, undefined, { ...HASTY, slotRestMs: 1_000 });
    const { runner, logged } = startRunner(engine);
    const reader = startReader(new LiveSlots(test.engine()));
    const writes = startWrites(test, written, 500);
    const reports = [];
    for (let turn = 0; turn < 3; turn += 1) {
      reports.push(await rebuild(engine, families));
    }
    const appends = await writes.stop();
    const reads = await reader.stop();
    const differences = { missing: 0, extra: 0, different: 0, samples: [] };
    expect(reports.map((report) => [report.switched, report.differences])).toEqual(
      reports.map(() => [true, differences]),
    );
    expect(appends).toBeGreaterThan(300);
    expect(reads.count).toBeGreaterThan(100);
    expect(reads.goneBack).toEqual([]);
    await caughtUp(engine);
    await runner.stop();
    for (const projection of engine.projections) await expectProjected(test, engine, projection);
    expect(logged).toEqual([]);
  });

  /** Reads families over and over; what it saw of one may never be older than what it saw before. */
  function startReader(slots: LiveSlots): { stop(): Promise<{ count: number; goneBack: string[] }> } {
    let stopping = false;
    let count = 0;
    const goneBack: string[] = [];
    const seen = new Map<string, number>();
    const read = async (offset: number): Promise<void> => {
      for (let turn = offset; !stopping; turn += 7) {
        const { id } = written[turn % written.length]!;
        const document = await (await slots.documents('families')).findOne({ _id: id });
        count += 1;
        const position = Number(document?.position ?? -1);
        if (position < (seen.get(id) ?? 0)) goneBack.push(`${id}: ${position} after ${seen.get(id)}`);
        seen.set(id, position);
      }
    };
    const readers = Promise.all([read(0), read(3)]);
    return {
      stop: async () => {
        stopping = true;
        await readers;
        return { count, goneBack };
      },
    };
  }
});

async function catchUpAndCheck(projection: Projection): Promise<void> {
  const engine = hasty();
  const { runner } = startRunner(engine);
  await until(async () => {
    const { generation } = await liveOf(engine, projection.name);
    return Number(generation.checkpoint) === (await test.log.head()).position;
  });
  await runner.stop();
  await expectProjected(test, engine, projection);
}
