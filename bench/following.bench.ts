import { setTimeout as sleep } from 'node:timers/promises';
import { families } from '../src/families/read-models/families.js';
import type { ProjectionsService } from '../src/projections/projections.service.js';
import type { BenchLog } from './bench-log.js';
import { newRegistrations, registrationAppend } from './registering.js';

/** Of many appends some are waited for: each wait asks the database every few milliseconds. */
const WAITED_FOR = 20;

/** Milliseconds from the answer to an append until a read sees it, and how fast the appends came in truth. */
export interface FollowingFigures {
  latencies: number[];
  appendsPerSecond: number;
}

/** How far `families` is behind the log while registrations come at this rate. */
export function measureLag(
  bench: BenchLog,
  service: ProjectionsService,
  perSecond: number,
  seconds: number,
): Promise<FollowingFigures> {
  return registerAt(bench, perSecond, seconds, async (index, _, position) => {
    if (index % WAITED_FOR === 0) await service.waitUntilReached(families.name, position);
    return index % WAITED_FOR === 0;
  });
}

/** How long whoever has registered waits for a read that shows it. */
export function measureOwnReads(
  bench: BenchLog,
  service: ProjectionsService,
  perSecond: number,
  seconds: number,
): Promise<FollowingFigures> {
  return registerAt(bench, perSecond, seconds, async (_, family, position) => {
    await service.waitUntilReached(families.name, position);
    const found = await (await service.documents(families.name)).findOne({ _id: family });
    if (found === null) throw new Error(`${family} was registered at position ${position}, and is not there`);
    return true;
  });
}

async function registerAt(
  { log, keys }: BenchLog,
  perSecond: number,
  seconds: number,
  follow: (index: number, family: string, position: number) => Promise<boolean>,
): Promise<FollowingFigures> {
  const registrations = newRegistrations(perSecond * seconds);
  const latencies: number[] = [];
  const began = performance.now();
  const under = registrations.map(async (registration, index) => {
    await sleep((index * 1_000) / perSecond);
    const { key, alongside } = keys.create(registration.family, new Date());
    const { position } = await log.append({
      ...registrationAppend(registration, key),
      alongside: [alongside],
    });
    const answered = performance.now();
    if (await follow(index, registration.family, position)) latencies.push(performance.now() - answered);
  });
  await Promise.all(under);
  return { latencies, appendsPerSecond: (registrations.length * 1_000) / (performance.now() - began) };
}
