import { setTimeout as sleep } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { families } from '../src/families/read-models/families.js';
import { ENGINE_TIMES } from '../src/projections/engine.js';
import {
  slotCollection,
  STATUS_COLLECTION,
  type ProjectionStatus,
} from '../src/projections/generations/status.js';
import { BENCH_NAME, type BenchLog } from './bench-log.js';
import { startRebuilder } from './rebuilder.js';
import { seedFamilies } from './seed-families.js';

const PER_PAGE = 5_000;

/** How large a log, and how often it is rebuilt. */
export interface RebuildSize {
  families: number;
  eventsEach: number;
  rounds: number;
}

/** Events per second of each round, CPU seconds of this side of the database, and the most memory of a rebuild. */
export interface RebuildFigures extends RebuildSize {
  floorPerSecond: number[];
  rebuildPerSecond: number[];
  floorCpuSeconds: number[];
  rebuildCpuSeconds: number[];
  peakRssMb: number[];
}

/**
 * The rebuild of `families`, compared with the live ones, certified and switched to, against the floor: bare driver
 * reads the same events decoded, then bare `insertMany` of the same final documents. They take turns.
 */
export async function measureRebuild(bench: BenchLog, size: RebuildSize): Promise<RebuildFigures> {
  await seedFamilies(bench.collections, bench.keys, size.families, size.eventsEach);
  const events = size.families * size.eventsEach;
  const figures: RebuildFigures = {
    ...size,
    floorPerSecond: [],
    rebuildPerSecond: [],
    floorCpuSeconds: [],
    rebuildCpuSeconds: [],
    peakRssMb: [],
  };
  const rebuilder = await startRebuilder(bench, BENCH_NAME);
  try {
    // The first one finds nothing to compare with, and code that is not compiled yet; so does the first floor.
    await rebuilder.rebuild();
    for (let round = 0; round < size.rounds; round += 1) {
      await sleep(ENGINE_TIMES.slotRestMs);
      const rebuilt = await rebuilder.rebuild();
      if (!rebuilt.isSame || rebuilt.documents !== size.families) throw new Error('A rebuild differs');
      figures.rebuildPerSecond.push(events / rebuilt.seconds);
      figures.rebuildCpuSeconds.push(rebuilt.cpuSeconds);
      figures.peakRssMb.push(rebuilt.peakRssMb);
      const read = await measured(() => readAll(bench));
      const inserted = await insertSame(bench.plain);
      figures.floorPerSecond.push(events / (read.seconds + inserted.seconds));
      figures.floorCpuSeconds.push(read.cpuSeconds + inserted.cpuSeconds);
    }
  } finally {
    await rebuilder.close();
  }
  return figures;
}

interface Spent {
  seconds: number;
  cpuSeconds: number;
}

async function measured(work: () => Promise<unknown>): Promise<Spent> {
  const [began, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - began) / 1_000, cpuSeconds: (user + system) / 1e6 };
}

async function readAll({ collections }: BenchLog): Promise<number> {
  let read = 0;
  const events = collections.events.find({}, { sort: { _id: 1 }, batchSize: PER_PAGE });
  for await (const event of events) read += event.version > 0 ? 1 : 0;
  return read;
}

/** What inserting alone takes; the documents are read in pages before each insert. */
async function insertSame(plain: mongo.Db): Promise<Spent> {
  const status = await plain.collection<ProjectionStatus>(STATUS_COLLECTION).findOne({ _id: families.name });
  const live = plain.collection<{ _id: string }>(slotCollection(families.name, status?.live ?? 'a'));
  const copy = plain.collection<{ _id: string }>('floor');
  await copy.drop();
  const spent: Spent = { seconds: 0, cpuSeconds: 0 };
  let page: { _id: string }[] = [];
  const store = async (): Promise<void> => {
    const { seconds, cpuSeconds } = await measured(() => copy.insertMany(page, { ordered: false }));
    spent.seconds += seconds;
    spent.cpuSeconds += cpuSeconds;
    page = [];
  };
  for await (const document of live.find({}, { batchSize: PER_PAGE, promoteLongs: false })) {
    page.push(document);
    if (page.length === PER_PAGE) await store();
  }
  if (page.length > 0) await store();
  return spent;
}
