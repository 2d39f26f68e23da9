import { setTimeout as sleep } from 'node:timers/promises';
import { families } from '../src/families/read-models/families.js';
import type { ProjectionsService } from '../src/projections/projections.service.js';
import type { Rebuilder } from './rebuilder.js';

const READS_PER_SECOND = 200;
const IDLE_MS = 5_000;

/**
 * Latencies of reads in milliseconds, how many of those during rebuilds failed or found nothing, and how fast those
 * rebuilds were.
 */
export interface ReadFigures {
  idle: number[];
  duringRebuild: number[];
  failed: number;
  rebuildPerSecond: number[];
}

/** Point reads as the service makes them, at a steady rate: while nothing else happens, and while a process rebuilds. */
export async function measureReads(
  service: ProjectionsService,
  rebuilder: Rebuilder,
  rebuilds: number,
): Promise<ReadFigures> {
  const documents = await service.documents(families.name);
  const ids = (await documents.find({}, { projection: { _id: 1 }, limit: 5_000 }).toArray()).map(
    ({ _id }) => _id,
  );
  const figures: ReadFigures = { idle: [], duringRebuild: [], failed: 0, rebuildPerSecond: [] };
  // What runs for the first time is compiled.
  await readUntil(service, ids, sleep(1_000));
  for (let round = 0; round < rebuilds; round += 1) {
    const idle = await readUntil(service, ids, sleep(IDLE_MS));
    const rebuilt = rebuilder.rebuild();
    const during = await readUntil(service, ids, rebuilt);
    const { events, seconds } = await rebuilt;
    figures.rebuildPerSecond.push(events / seconds);
    figures.idle.push(...idle.latencies);
    figures.duringRebuild.push(...during.latencies);
    figures.failed += idle.failed + during.failed;
  }
  return figures;
}

async function readUntil(
  service: ProjectionsService,
  ids: readonly string[],
  end: Promise<unknown>,
): Promise<{ latencies: number[]; failed: number }> {
  const latencies: number[] = [];
  const under: Promise<void>[] = [];
  let failed = 0;
  const ended = new AbortController();
  const over = end.finally(() => ended.abort());
  const read = async (id: string): Promise<void> => {
    const began = performance.now();
    try {
      const found = await (await service.documents(families.name)).findOne({ _id: id });
      if (found === null) failed += 1;
    } catch {
      failed += 1;
    }
    latencies.push(performance.now() - began);
  };
  const began = performance.now();
  for (let sent = 0; !ended.signal.aborted; sent += 1) {
    // When it is due, not when the one before was answered: a stall is met by all who come meanwhile.
    await sleep(Math.max(0, began + (sent * 1_000) / READS_PER_SECOND - performance.now()));
    under.push(read(ids[sent % ids.length] ?? ''));
  }
  await Promise.all([...under, over]);
  return { latencies, failed };
}
