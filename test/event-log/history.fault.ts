import fc from 'fast-check';
import { commandPlans, type Command } from '../support/history/commands.js';
import { commitFailures, type Fault } from '../support/history/faults.js';
import type { HistoryReport } from '../support/history/check-history.js';
import { HistoryRun } from '../support/history/run-history.js';
import type { ViolationKind } from '../support/history/violation.js';
import { printedSeed } from '../support/random.js';
import { startThreeNodeSet, type ThreeNodeSet } from '../support/three-node-set.js';

const WRITERS = 4;
/** More than they get through. */
const COMMANDS = 5_000;

describe('a history of several writers on three nodes', () => {
  let set: ThreeNodeSet;
  let run: HistoryRun;

  beforeAll(async () => {
    set = await startThreeNodeSet();
  }, 60_000);
  afterAll(() => set.stop());
  afterEach(() => run.remove());

  it('keeps every promise while writers and servers are killed, stopped and cut off', async () => {
    const seed = printedSeed('a history of four writers');
    const [plans = []] = fc.sample(commandPlans(WRITERS, COMMANDS), { seed, numRuns: 1 });
    // Half of them, others each time; all of them in history.long.ts.
    const some = { minLength: commitFailures.length / 2, maxLength: commitFailures.length / 2 };
    const [failures = []] = fc.sample(fc.shuffledSubarray(commitFailures, some), { seed, numRuns: 1 });
    const struck: Fault[] = [
      ...failures.map((how): Fault => ({ do: 'fail commits', how, times: 3 })),
      { do: 'kill writer', writer: seed % WRITERS },
      { do: 'stop primary', ms: 2_500 },
      { do: 'kill writer', writer: (seed + 1) % WRITERS },
      { do: 'kill primary', downMs: 500 },
    ];
    run = await HistoryRun.prepare(set.rootUri, plans);
    await run.begin();
    for (const fault of struck) await run.strike(set, fault);
    const { violations, counts } = await run.end();
    expect(violations).toEqual([]);
    // There was something to check.
    expect(counts.acknowledged).toBeGreaterThan(50);
    expect(counts.replayed).toBeGreaterThan(0);
    expect(counts.seen).toBe(3 * counts.events);
  }, 120_000);

  it('is found to break its promises where its writers acknowledge what the primary alone has', async () => {
    run = await HistoryRun.prepare(set.rootUri, [registrations('early', 20)], () => ({
      wrong: { writeConcern: 1 },
      // Without a majority it could not end.
      follows: null,
    }));
    const primary = await set.primary();
    const confirmAgain = await set.withholdMajority();
    try {
      await run.begin();
      await run.done();
      await primary.kill();
      await confirmAgain();
      await set.primary(primary);
      await primary.start();
    } finally {
      await confirmAgain();
    }
    const report = await run.end();
    expect(report.counts).toMatchObject({ acknowledged: 20, events: 0 });
    expect(kindsOf(report)).toEqual({ lost: 20 });
  }, 60_000);

  it('is found to break its promises where positions are taken outside the transaction', async () => {
    const plans = [registrations('slow', 1), registrations('quick', 20)];
    run = await HistoryRun.prepare(set.rootUri, plans, (writer) => ({
      callers: 1,
      wrong: { positionsOutsideMs: writer === 0 ? 1_000 : 0 },
    }));
    await run.begin();
    await run.done();
    const report = await run.end();
    const kinds = kindsOf(report);
    // Both plain readers went past it; the service's own stopped at the gap. Nobody can chain to what is not there yet.
    expect(kinds['seen before its predecessor']).toBeGreaterThanOrEqual(2);
    expect(kinds['unexpected error']).toBeGreaterThanOrEqual(1);
    expect(kinds['damaged']).toBeGreaterThanOrEqual(1);
  }, 60_000);
});

/** So many families, each of an address nobody else asks for. */
function registrations(name: string, count: number): Command[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{ id: `${name}-${index}`, key: null, do: 'register' as const },
    email: `${name}-${index}@example.org`,
  }));
}

function kindsOf({ violations }: HistoryReport): Partial<Record<ViolationKind, number>> {
  const kinds: Partial<Record<ViolationKind, number>> = {};
  for (const { kind } of violations) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}
