import { setTimeout as sleep } from 'node:timers/promises';
import { readHead } from '../../event-log/read/read-log.js';
import { areSame, type Differences } from '../differences.js';
import type { ProjectionEngine } from '../engine.js';
import { makeSlot } from '../generations/make-slot.js';
import { otherSlot, type ProjectionStatus } from '../generations/status.js';
import { slotOfView } from '../generations/view.js';
import type { OnProgress } from '../progress.js';
import type { Projection } from '../projection.js';
import { countParked } from '../quarantine/quarantine.js';
import { Fenced } from '../runner/apply-batch.js';
import { openGeneration, type OpenGeneration } from '../runner/open-generation.js';
import type { Certificate } from './certify.js';
import { completeGeneration } from './complete-generation.js';
import { discardGeneration, forgetQuarantine } from './discard-generation.js';
import { planRebuild } from './plan-rebuild.js';
import { RebuildLease, RebuildLost } from './rebuild-lease.js';
import { switchGeneration } from './switch-generation.js';

/** How a rebuild goes about its end. */
export interface RebuildOptions {
  /** Switch only where the new generation is the live one byte for byte, or where none is live. */
  onlyIfSame?: boolean;
  onProgress?: OnProgress;
  /** Ends the rebuild; the next one goes on with it. */
  signal?: AbortSignal;
}

/** What a rebuild came to; what was proved of the new generation, at the position named. */
export interface RebuildReport extends Certificate {
  projection: string;
  generation: number;
  /** It went on where one had been killed. */
  resumed: boolean;
  /** How the live generation differs from the new one; null where the two were not compared. */
  differences: Differences | null;
  /** Why they were not: there was none, or another version's, or it does not go on. */
  notCompared: string | null;
  /** Streams that the new generation does not follow. */
  quarantined: number;
  switched: boolean;
  /** The position at which it became live: what came after the proof was caught up with. Null where it did not. */
  switchedAt: number | null;
  /** A plain collection that stood on the view's name has this name now. */
  setAside: string | null;
  /** Why the view does not show it yet, though it is live; null where it does. */
  viewBehind: string | null;
  seconds: number;
}

/**
 * Rebuilds a projection from the log while the service runs: a new generation beside the live one, certified,
 * compared, then switched to atomically (P6). Killed at any moment, the next call goes on; a generation that
 * is not certified is never live.
 * @throws RebuildRunning, RebuildLost, NewerGenerationLive, NotCertified, LogDamaged, NeedsNewerCode
 */
export async function rebuild(
  engine: ProjectionEngine,
  projection: Projection,
  options: RebuildOptions = {},
): Promise<RebuildReport> {
  const began = performance.now();
  const head = await readHead(engine.log);
  const lease = await RebuildLease.take(engine, projection, async (status) => {
    await letSlotRest(engine, status, options.signal);
    return planRebuild(status, projection, head.position, await slotOfView(engine, projection.name));
  });
  try {
    const report = await rebuildUnder(engine, lease, options);
    return { ...report, seconds: (performance.now() - began) / 1_000 };
  } catch (error) {
    throw error instanceof Fenced ? new RebuildLost(projection.name) : error;
  } finally {
    await lease.release();
  }
}

async function rebuildUnder(
  engine: ProjectionEngine,
  lease: RebuildLease,
  { onlyIfSame = false, onProgress: tell, signal }: RebuildOptions,
): Promise<Omit<RebuildReport, 'seconds'>> {
  const { projection, plan } = lease;
  const onProgress: OnProgress = (...at) => {
    tell?.(...at);
    signal?.throwIfAborted();
  };
  // What was done before the first stream was whole is done again.
  const isEmpty =
    plan.phase === 'build' && plan.cursor === null && Number(plan.existing?.checkpoint ?? 0) === 0;
  if (isEmpty) {
    await makeSlot(engine, projection, plan.slot, () => lease.renew());
    await forgetQuarantine(engine, lease);
  }
  const generation = await openRebuilt(engine, lease);
  const { certificate, compared } = await completeGeneration(engine, lease, generation, onProgress);
  const differences = typeof compared === 'string' ? null : compared;
  // What could not be compared with a live generation is not known to be the same.
  const isSame = lease.status.live === null || (differences !== null && areSame(differences));
  const wanted = isSame || !onlyIfSame;
  const report = {
    ...certificate,
    projection: projection.name,
    generation: generation.generation,
    resumed: plan.existing !== null,
    differences,
    notCompared: typeof compared === 'string' ? compared : null,
    quarantined: await countParked(engine.quarantine, projection.name, generation.generation),
  };
  if (!wanted) {
    await discardGeneration(engine, generation);
    return { ...report, switched: false, switchedAt: null, setAside: null, viewBehind: null };
  }
  const { position: switchedAt, ...view } = await switchGeneration(engine, generation, onProgress);
  return { ...report, switched: true, switchedAt, ...view };
}

async function openRebuilt(engine: ProjectionEngine, lease: RebuildLease): Promise<OpenGeneration> {
  const { plan, projection, status } = lease;
  const generation = status.slots[plan.slot];
  if (generation === undefined) throw new RebuildLost(projection.name);
  return openGeneration(engine, projection, { slot: plan.slot, generation }, lease.holds());
}

/** A slot that has just ceased to be live may still be read by processes that have not looked since. */
async function letSlotRest(
  { statuses, times: { slotRestMs } }: ProjectionEngine,
  { _id, live, slots }: ProjectionStatus,
  signal?: AbortSignal,
): Promise<void> {
  const slot = otherSlot(live);
  if (live === null || slots[slot]?.state !== 'kept') return;
  // By the server's clock, which `since` is of.
  const rested = { $subtract: ['$$NOW', `$slots.${slot}.since`] };
  const [kept] = await statuses
    .aggregate<{ rested: number }>([{ $match: { _id } }, { $project: { rested } }])
    .toArray();
  const left = slotRestMs - (kept?.rested ?? slotRestMs);
  if (left > 0) await sleep(Math.min(left, slotRestMs), undefined, signal === undefined ? {} : { signal });
}
