import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import type { ProjectionEngine, EngineTimes } from '../../src/projections/engine.js';
import { liveGeneration, type ProjectionStatus } from '../../src/projections/generations/status.js';
import type { Projection } from '../../src/projections/projection.js';
import { EventTally } from '../../src/projections/generations/event-tally.js';
import { tallyOfLog } from '../../src/projections/rebuild/log-tally.js';
import { RebuildRunning } from '../../src/projections/rebuild/rebuild-lease.js';
import { rebuild, type RebuildReport } from '../../src/projections/rebuild/rebuild.js';
import { ProjectionRunner } from '../../src/projections/runner/runner.js';
import { differing, pureFold, storedBytes } from './pure-fold.js';
import type { TestProjections } from './test-projections.js';
import { until } from './until.js';

/** Processes that are taken for dead at once, and slots that are used again at once. */
export const HASTY: EngineTimes = {
  leaseMs: 700,
  rebuildLeaseMs: 900,
  slotRestMs: 0,
  buildAgainMs: 100,
};

const running = new Set<ProjectionRunner>();

/** Whatever a test that failed has left running, before its database goes. */
async function stopRunners(): Promise<void> {
  await Promise.all([...running].map((runner) => runner.stop()));
  running.clear();
}
afterEach(stopRunners);

/** A runner that has been started, and is stopped after the test; what it logs is kept. */
export function startRunner(engine: ProjectionEngine): { runner: ProjectionRunner; logged: string[] } {
  const logged: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
  const runner = new ProjectionRunner(engine, randomUUID(), logger);
  runner.start();
  running.add(runner);
  return { runner, logged };
}

/** Builds each of an engine's projections for the first time. */
export async function buildAll(engine: ProjectionEngine): Promise<void> {
  for (const projection of engine.projections) await rebuild(engine, projection);
}

/** Rebuilds as soon as whoever was killed in the middle of it is taken for dead. */
export async function rebuildWhenFree(
  engine: ProjectionEngine,
  projection: Projection,
): Promise<RebuildReport> {
  const reports: RebuildReport[] = [];
  await until(async () => {
    try {
      reports.push(await rebuild(engine, projection));
      return true;
    } catch (error) {
      if (!(error instanceof RebuildRunning)) throw error;
      return false;
    }
  });
  return reports[0]!;
}

/** The status, which has to be there. */
export async function statusOf(engine: ProjectionEngine, projection: string): Promise<ProjectionStatus> {
  const status = await engine.statuses.findOne({ _id: projection });
  if (status === null) throw new Error(`${projection} has no status`);
  return status;
}

/** The live generation, which has to be there. */
export async function liveOf(
  engine: ProjectionEngine,
  projection: string,
): Promise<NonNullable<ReturnType<typeof liveGeneration>>> {
  const live = liveGeneration(await statusOf(engine, projection));
  if (live === null) throw new Error(`${projection} is not built`);
  return live;
}

/** Resolves when these projections, or all of the engine's, have reached the head. */
export async function caughtUp(
  engine: ProjectionEngine,
  projections: readonly string[] = engine.projections.map(({ name }) => name),
  withinMs = 15_000,
): Promise<void> {
  const head = Number((await engine.log.head.findOne({ _id: 'head' }))?.position);
  await until(async () => {
    const lives = await Promise.all(projections.map((name) => liveOf(engine, name)));
    return lives.every(({ generation }) => Number(generation.checkpoint) >= head);
  }, withinMs);
}

/**
 * A projection that has caught up is a pure fold of the log, byte for byte, and its status says so: checkpoint at
 * the head, as many documents as there are, every relevant event accounted for once.
 */
export async function expectProjected(
  test: TestProjections,
  engine: ProjectionEngine,
  projection: Projection,
): Promise<void> {
  const { slot, generation } = await liveOf(engine, projection.name);
  const { position } = await test.log.head();
  const expected = await pureFold(test, projection);
  const found = await storedBytes(test, projection.name, slot);
  const log = await tallyOfLog(engine, projection, position);
  expect({
    projection: projection.name,
    differing: differing(expected, found),
    checkpoint: Number(generation.checkpoint),
    documents: Number(generation.documents),
    events: Number(generation.accounted.events),
    isSameTally: EventTally.of(generation.accounted).equals(log),
  }).toEqual({
    projection: projection.name,
    differing: [],
    checkpoint: position,
    documents: expected.size,
    events: log.events,
    isSameTally: true,
  });
}
