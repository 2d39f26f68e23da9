import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { commandPlans } from '../support/history/commands.js';
import { setFaults, writerFaults, type Fault } from '../support/history/faults.js';
import { HistoryRun } from '../support/history/run-history.js';
import { printedSeed } from '../support/random.js';
import { startThreeNodeSet, type ThreeNodeSet } from '../support/three-node-set.js';

const WRITERS = 4;
/** More than they get through in one round. */
const COMMANDS = 20_000;
const ROUNDS = 10;
const ROUND_MS = 65_000;
const MORE_FAULTS_THAN_FIT = 1_000;
/** From one fault of a writer to the next, on average; the faults of servers follow on each other. */
const BETWEEN_WRITER_FAULTS_MS = 4_000;

describe('histories of four writers on three nodes', () => {
  let set: ThreeNodeSet;
  let run: HistoryRun;

  beforeAll(async () => {
    set = await startThreeNodeSet();
  }, 60_000);
  afterAll(() => set.stop());
  afterEach(() => run.remove(), 60_000);

  const seed = printedSeed('histories of four writers');
  it.each(Array.from({ length: ROUNDS }, (_, round) => seed + round))(
    'keep every promise under random faults, one after the other (seed %d)',
    async (ofRound) => {
      const draw = { seed: ofRound, numRuns: 1 };
      const [plans = []] = fc.sample(commandPlans(WRITERS, COMMANDS), draw);
      run = await HistoryRun.prepare(set.rootUri, plans);
      await run.begin();
      const until = performance.now() + ROUND_MS;
      const strikeAll = async (faults: readonly Fault[], pauseMs: number): Promise<void> => {
        for (const fault of faults) {
          if (performance.now() > until) return;
          await sleep(pauseMs);
          await run.strike(set, fault);
        }
      };
      const many = { ...draw, numRuns: MORE_FAULTS_THAN_FIT };
      await Promise.all([
        strikeAll(fc.sample(setFaults, many), 0),
        strikeAll(fc.sample(writerFaults(WRITERS), many), BETWEEN_WRITER_FAULTS_MS),
      ]);
      const { violations, counts } = await run.end();
      process.stderr.write(`${JSON.stringify(counts)}\n`);
      expect(violations).toEqual([]);
      expect(counts.seen).toBe(3 * counts.events);
    },
    ROUND_MS + 120_000,
  );
});
