import { setTimeout as sleep } from 'node:timers/promises';
import { readModels } from '../../src/families/read-models/index.js';
import { verifyProjection } from '../../src/projections/verify/verify.js';
import {
  buildAll,
  caughtUp,
  expectProjected,
  HASTY,
  liveOf,
  rebuildWhenFree,
  startRunner,
} from './projected.js';
import { printedSeed, randomOf } from './random.js';
import { rebuildingProcess, type RebuildingProcess } from './rebuilding-process.js';
import { createTestProjections, type TestProjections, type WrittenFamily } from './test-projections.js';
import { startWrites, writeFamilies } from './writes.js';

/** Rounds for each kill that has to come in time: most do. */
const MOST_ROUNDS = 3;

/** What became of the rebuilds that were begun after a kill. */
export interface KillTally {
  /** Rebuilds that were begun to be killed; some had ended before. */
  rounds: number;
  /** The process was killed before its rebuild had ended. */
  killed: number;
  /** The next rebuild went on with what had been built. */
  resumed: number;
}

/**
 * Rebuilds projections in processes of their own, kills each at a random moment while a runner follows and
 * families are written, and looks at what is live: always whole. The rebuild after that goes on or begins anew,
 * and what it makes is what the log says. Ends when so many kills have come in time.
 */
export async function killRebuilds(kills: number, families: number): Promise<KillTally> {
  const random = randomOf(printedSeed('kill -9 of rebuilds'));
  const test = await createTestProjections();
  try {
    return await killInTurn(test, { kills, families, random });
  } finally {
    await test.close();
  }
}

async function killInTurn(
  test: TestProjections,
  { kills, families, random }: { kills: number; families: number; random: () => number },
): Promise<KillTally> {
  const engine = test.engine(undefined, undefined, HASTY);
  const { runner } = startRunner(engine);
  const written = await writeFamilies(test, families, 2);
  const tally: KillTally = { rounds: 0, killed: 0, resumed: 0 };
  const start = (round: number) =>
    rebuildingProcess(test, readModels[round % readModels.length]!.name, { times: HASTY });
  await buildAll(engine);
  const usualMs: number[] = [];
  for (const index of readModels.keys()) usualMs.push(await timeOf(await start(index), test, written));
  let next = start(0);
  for (let round = 0; tally.killed < kills && round < MOST_ROUNDS * kills; round += 1) {
    tally.rounds += 1;
    const projection = readModels[round % readModels.length]!;
    const child = await next;
    const writes = startWrites(test, written, 60);
    await child.begin();
    await sleep(random() * usualMs[round % readModels.length]!);
    await child.kill();
    next = start(round + 1);
    if ((await child.outcome) === null) tally.killed += 1;
    expect(await verifyProjection(engine, projection)).toMatchObject({ missing: 0, extra: 0, different: 0 });
    const { generation } = await liveOf(engine, projection.name);
    expect(generation.state).toBe('live');

    const report = await rebuildWhenFree(engine, projection);
    if (report.resumed) tally.resumed += 1;
    const differences = { missing: 0, extra: 0, different: 0 };
    expect(report).toMatchObject({ switched: true, quarantined: 0, differences });
    await writes.stop();
    await caughtUp(engine);
    await expectProjected(test, engine, projection);
  }
  await (await next).kill();
  await runner.stop();
  process.stderr.write(`kill -9 of rebuilds: ${JSON.stringify(tally)}\n`);
  return tally;
}

/** How long such a process takes for a rebuild beside writes, in milliseconds. */
async function timeOf(
  child: RebuildingProcess,
  test: TestProjections,
  written: readonly WrittenFamily[],
): Promise<number> {
  const writes = startWrites(test, written, 60);
  await child.begin();
  const began = performance.now();
  expect(await child.outcome).toMatchObject({ is: 'done' });
  await writes.stop();
  return performance.now() - began;
}
