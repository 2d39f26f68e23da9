import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { FamilyEventDecoder } from '../src/families/read-models/family-event-decoder.js';
import { readModels } from '../src/families/read-models/index.js';
import { ProjectionEngine } from '../src/projections/engine.js';
import { ProjectionsService } from '../src/projections/projections.service.js';
import { BENCH_NAME, openBenchLog, type BenchLog } from './bench-log.js';
import { measureLag, measureOwnReads, type FollowingFigures } from './following.bench.js';
import { measureReads, type ReadFigures } from './reads.bench.js';
import { measureRebuild, type RebuildFigures } from './rebuild.bench.js';
import { startRebuilder } from './rebuilder.js';

const SECONDS = 10;
const REBUILDS_READ_THROUGH = 3;

/** Everything that is measured of projections. */
export interface ProjectionFigures {
  lag: FollowingFigures;
  ownReads: FollowingFigures;
  rebuild: RebuildFigures;
  reads: ReadFigures;
}

/** Each on a log of its own, with the service's runner following all read models where it says so. */
export async function measureProjections(rounds: number): Promise<ProjectionFigures> {
  const following = await withBenchLog((bench) =>
    withService(bench, async (service) => {
      // What runs for the first time is compiled.
      await measureOwnReads(bench, service, 200, 3);
      const ownReads = await measureOwnReads(bench, service, 200, SECONDS);
      const lag = await measureLag(bench, service, 1_000, SECONDS);
      return { ownReads, lag };
    }),
  );
  const rebuilding = await withBenchLog(async (bench) => {
    const rebuild = await measureRebuild(bench, { families: 100_000, eventsEach: 5, rounds });
    const reads = await withService(bench, async (service) => {
      const rebuilder = await startRebuilder(bench, BENCH_NAME);
      try {
        return await measureReads(service, rebuilder, REBUILDS_READ_THROUGH);
      } finally {
        await rebuilder.close();
      }
    });
    return { rebuild, reads };
  });
  return { ...following, ...rebuilding };
}

/** A million families of two events each: memory stays what it was. */
export function measureLargeRebuild(rounds: number): Promise<RebuildFigures> {
  return withBenchLog((bench) => measureRebuild(bench, { families: 1_000_000, eventsEach: 2, rounds }));
}

async function withBenchLog<T>(work: (bench: BenchLog) => Promise<T>): Promise<T> {
  const bench = await openBenchLog();
  try {
    return await work(bench);
  } finally {
    await bench.close();
  }
}

async function withService<T>(
  bench: BenchLog,
  work: (service: ProjectionsService) => Promise<T>,
): Promise<T> {
  const service = new ProjectionsService(engineOf(bench), pino({ level: 'silent' }));
  service.start();
  try {
    for (const { name } of readModels) await untilBuilt(service, name);
    return await work(service);
  } finally {
    await service.stop();
  }
}

async function untilBuilt(service: ProjectionsService, name: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    try {
      await service.documents(name);
      return;
    } catch {
      await sleep(100);
    }
  }
  throw new Error(`${name} was not built in a minute`);
}

function engineOf({ collections, keys }: BenchLog): ProjectionEngine {
  return new ProjectionEngine(collections, BENCH_NAME, readModels, new FamilyEventDecoder(keys));
}
