import { setTimeout as sleep } from 'node:timers/promises';
import { readHead } from '../../event-log/read/read-log.js';
import type { ProjectionEngine } from '../engine.js';
import { makeSlot } from '../generations/make-slot.js';
import { otherSlot, slotCollection, type ProjectionStatus } from '../generations/status.js';
import { switchGeneration } from '../generations/switch-generation.js';
import { slotOfView } from '../generations/view.js';
import type { Projection } from '../projection.js';
import { SLOT_REST_MS } from '../read/live-slot.js';
import { openGeneration, type OpenGeneration } from '../runner/open-generation.js';
import { Fenced } from '../runner/apply-batch.js';
import { buildGeneration, finishBuild } from './build-generation.js';
import { certify, NotCertified, type Certificate } from './certify.js';
import { compareWithLive, NotComparable } from './compare.js';
import { areSame, type Differences } from './differences.js';
import type { OnProgress } from './progress.js';
import { planRebuild, RebuildLease, RebuildLost } from './rebuild-lease.js';

/** How a rebuild goes about its end. */
export interface RebuildOptions {
  /** Never switch: build, certify and compare. */
  dryRun?: boolean;
  /** Switch only where the new generation is the live one byte for byte. */
  onlyIfSame?: boolean;
  onProgress?: OnProgress;
  /** Ends the rebuild; the next one goes on with it. */
  signal?: AbortSignal;
}

/** What a rebuild came to. */
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
  /** A plain collection that stood on the view's name has this name now. */
  setAside: string | null;
  seconds: number;
}

/**
 * Rebuilds a projection from the log while the service runs: a new generation beside the live one, certified,
 * compared, then switched to atomically (P6). Killed at any moment, the next call goes on; a generation that
 * is not certified is never live.
 * @throws RebuildRunning, RebuildLost, NotCertified, LogDamaged, NeedsNewerCode
 */
export async function rebuild(
  engine: ProjectionEngine,
  projection: Projection,
  options: RebuildOptions = {},
): Promise<RebuildReport> {
  const began = performance.now();
  const head = await readHead(engine.log);
  const lease = await RebuildLease.take(engine, projection, async (status) => {
    await letSlotRest(status);
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
  { dryRun = false, onlyIfSame = false, onProgress: tell, signal }: RebuildOptions,
): Promise<Omit<RebuildReport, 'seconds'>> {
  const { projection, plan } = lease;
  const onProgress: OnProgress = (...at) => {
    signal?.throwIfAborted();
    tell?.(...at);
  };
  // What was done before the first stream was whole is done again.
  const isEmpty =
    plan.phase === 'build' && plan.cursor === null && Number(plan.existing?.checkpoint ?? 0) === 0;
  if (isEmpty) {
    await makeSlot(engine, projection, plan.slot);
    await forgetQuarantine(engine, lease);
  }
  const generation = await openRebuilt(engine, lease);
  if (plan.phase === 'build') {
    await buildGeneration(engine, lease, generation, onProgress);
    await finishBuild(engine, lease, generation);
  }
  const compared = await compareIfPossible(engine, lease.status, generation, onProgress);
  const differences = typeof compared === 'string' ? null : compared;
  let certificate: Certificate;
  try {
    certificate = await certify(engine, generation, onProgress);
  } catch (error) {
    // Nobody is to go on with it.
    if (error instanceof NotCertified) await discard(engine, generation);
    throw error;
  }
  // What could not be compared with a live generation is not known to be the same.
  const isSame = lease.status.live === null || (differences !== null && areSame(differences));
  const wanted = !dryRun && (isSame || !onlyIfSame);
  const report = {
    ...certificate,
    projection: projection.name,
    generation: generation.generation,
    resumed: plan.existing !== null,
    differences,
    notCompared: typeof compared === 'string' ? compared : null,
    quarantined: generation.quarantined.size,
  };
  if (!wanted) {
    await discard(engine, generation);
    return { ...report, switched: false, setAside: null };
  }
  const { position, setAside } = await switchGeneration(engine, generation);
  return {
    ...report,
    position,
    events: generation.tally.events,
    documents: generation.documents,
    switched: true,
    setAside,
  };
}

async function openRebuilt(engine: ProjectionEngine, lease: RebuildLease): Promise<OpenGeneration> {
  const { plan, projection, status } = lease;
  const generation = status.slots[plan.slot];
  if (generation === undefined) throw new RebuildLost(projection.name);
  return openGeneration(engine, projection, { slot: plan.slot, generation }, lease.holds());
}

/** The differences, or why there are none to tell. */
async function compareIfPossible(
  engine: ProjectionEngine,
  { live, slots }: ProjectionStatus,
  generation: OpenGeneration,
  onProgress: OnProgress,
): Promise<Differences | string> {
  if (live === null) return 'there was no live generation';
  const { version } = generation.projection;
  const built = slots[live]?.version;
  if (built !== version) return `the live generation is of version ${built ?? 0}, the new one of ${version}`;
  try {
    return await compareWithLive(engine, generation, onProgress);
  } catch (error) {
    if (error instanceof NotComparable) return error.message;
    throw error;
  }
}

/** Removes a generation that will not be used, and the rebuild with it. */
async function discard(engine: ProjectionEngine, generation: OpenGeneration): Promise<void> {
  const { projection, slot } = generation;
  const mine = { _id: projection.name, ...generation.fence() };
  const entries = { projection: projection.name, generation: generation.generation };
  const removed = await engine.statuses.updateOne(mine, {
    $unset: { rebuild: '', [`slots.${slot}`]: '' },
  });
  if (removed.matchedCount === 0) return;
  await engine.db.collection(slotCollection(projection.name, slot)).drop();
  await engine.quarantine.deleteMany(entries);
}

/**
 * What earlier generations of the slot had parked says nothing any more; nor does what one of the new one's
 * number had, before the status was lost and the numbers began anew.
 */
async function forgetQuarantine(
  { quarantine }: ProjectionEngine,
  { status: { _id, slots }, plan }: RebuildLease,
): Promise<void> {
  const existing = slots[otherSlot(plan.slot)]?.generation ?? 0;
  await quarantine.deleteMany({ projection: _id, generation: { $ne: existing } });
}

/** A slot that has just ceased to be live may still be read by processes that have not looked since. */
async function letSlotRest({ live, slots }: ProjectionStatus): Promise<void> {
  const kept = live === null ? undefined : slots[live === 'a' ? 'b' : 'a'];
  if (kept?.state !== 'kept') return;
  await sleep(Math.max(0, Math.min(SLOT_REST_MS, kept.since.getTime() + SLOT_REST_MS - Date.now())));
}
