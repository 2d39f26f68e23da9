import { setTimeout as sleep } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { FamilyEventDecoder } from '../src/families/read-models/family-event-decoder.js';
import { families } from '../src/families/read-models/families.js';
import { readModels } from '../src/families/read-models/index.js';
import { ENGINE_TIMES, ProjectionEngine } from '../src/projections/engine.js';
import { rebuild } from '../src/projections/rebuild/rebuild.js';
import type { BenchLog } from './bench-log.js';
import { BENCH_NAME } from './bench-log.js';
import { seedFamilies } from './seed-families.js';

const PER_PAGE = 5_000;

/** Seconds of each round, taking turns, and the most memory that Node used. */
export interface RebuildFigures {
  families: number;
  eventsEach: number;
  floorRead: number[];
  floorInsert: number[];
  floor: number[];
  rebuild: number[];
  peakRssMb: number;
}

/**
 * The rebuild of `families`, certified and compared, against the floor: bare driver reads the same events decoded,
 * then bare `insertMany` of the same final documents.
 */
export async function measureRebuild(
  bench: BenchLog,
  size: { families: number; eventsEach: number },
  rounds: number,
): Promise<RebuildFigures> {
  await seedFamilies(bench.collections, bench.keys, size.families, size.eventsEach);
  const engine = new ProjectionEngine(
    bench.collections,
    BENCH_NAME,
    readModels,
    new FamilyEventDecoder(bench.keys),
  );
  const figures: RebuildFigures = {
    ...size,
    floorRead: [],
    floorInsert: [],
    floor: [],
    rebuild: [],
    peakRssMb: 0,
  };
  const watch = setInterval(() => {
    figures.peakRssMb = Math.max(figures.peakRssMb, process.memoryUsage.rss() / 2 ** 20);
  }, 50);
  try {
    for (let round = 0; round < rounds; round += 1) {
      const { seconds } = await rebuild(engine, families);
      figures.rebuild.push(seconds);
      const read = await timed(() => readAll(bench));
      const inserted = await insertSame(engine, bench.plain);
      figures.floorRead.push(read);
      figures.floorInsert.push(inserted);
      figures.floor.push(read + inserted);
      await sleep(ENGINE_TIMES.slotRestMs);
    }
  } finally {
    clearInterval(watch);
  }
  return figures;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
}

async function readAll({ collections }: BenchLog): Promise<number> {
  let read = 0;
  const events = collections.events.find({}, { sort: { _id: 1 }, batchSize: PER_PAGE });
  for await (const event of events) read += event.version > 0 ? 1 : 0;
  return read;
}

/** Seconds that inserting alone takes; the documents are read in pages before each insert. */
async function insertSame(engine: ProjectionEngine, plain: mongo.Db): Promise<number> {
  const status = await engine.statuses.findOne({ _id: families.name });
  const live = engine.slot(families.name, status?.live ?? 'a');
  const copy = plain.collection<{ _id: string; position: mongo.Long }>('floor');
  await copy.drop();
  let seconds = 0;
  let page: { _id: string; position: mongo.Long }[] = [];
  const store = async (): Promise<void> => {
    seconds += await timed(() => copy.insertMany(page, { ordered: false }));
    page = [];
  };
  for await (const document of live.find({}, { batchSize: PER_PAGE, promoteLongs: false })) {
    page.push(document);
    if (page.length === PER_PAGE) await store();
  }
  if (page.length > 0) await store();
  return seconds;
}
