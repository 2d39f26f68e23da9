import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode, MONGO_CODE } from '../../database/mongo-codes.js';
import { inTransaction } from '../../database/transaction.js';
import { readHead } from '../../event-log/read/read-log.js';
import type { ProjectionEngine } from '../engine.js';
import { dropSlot, slotUuid } from '../generations/drop-slot.js';
import { makeSlot } from '../generations/make-slot.js';
import type { ProjectionStatus } from '../generations/status.js';
import { switchGeneration } from '../generations/switch-generation.js';
import { slotOfView } from '../generations/view.js';
import type { Projection } from '../projection.js';
import { countParked } from '../quarantine/quarantine.js';
import { openGeneration, type OpenGeneration } from '../runner/open-generation.js';
import { Fenced } from '../runner/apply-batch.js';
import { DocumentsMoved } from '../runner/not-storable.js';
import { buildGeneration, finishBuild } from './build-generation.js';
import { LogTally } from './log-tally.js';
import { certify, NotCertified, type Certificate } from './certify.js';
import { compareWithLive, NotComparable } from './compare.js';
import { areSame, type Differences } from './differences.js';
import type { OnProgress } from './progress.js';
import { planRebuild, RebuildLease, RebuildLost } from './rebuild-lease.js';

const DEADLINE_MS = 10_000;

/** How a rebuild goes about its end. */
export interface RebuildOptions {
  /** Never switch: build, certify and compare. */
  dryRun?: boolean;
  /** Switch only where the new generation is the live one byte for byte, or where none is live. */
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
    await letSlotRest(status, engine.times.slotRestMs);
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
  const { certificate, compared } = await complete(engine, lease, generation, onProgress);
  const differences = typeof compared === 'string' ? null : compared;
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
    quarantined: await countParked(engine.quarantine, projection.name, generation.generation),
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

/** Fills a generation and proves that it is complete. One that cannot be is removed: nobody is to go on with it. */
async function complete(
  engine: ProjectionEngine,
  lease: RebuildLease,
  generation: OpenGeneration,
  onProgress: OnProgress,
): Promise<{ certificate: Certificate; compared: Differences | string }> {
  const log = new LogTally(engine.log, lease.projection);
  const ended = new AbortController();
  // What the log says is read beside the replay, while that waits for the database; nothing is taken from one to the
  // other. Told of is the replay.
  const beside = log.readOn(lease.plan.target, () => ended.signal.throwIfAborted());
  beside.catch(() => undefined);
  try {
    if (lease.plan.phase === 'build') {
      await buildGeneration(engine, lease, generation, onProgress);
      await finishBuild(engine, lease, generation);
    }
    const compared = await compareIfPossible(engine, lease.status, generation, onProgress);
    await beside;
    return { certificate: await certify(engine, generation, onProgress, log), compared };
  } catch (error) {
    ended.abort();
    await beside.catch(() => undefined);
    // Documents that this rebuild has not written lie in its slot.
    const isDisturbed = error instanceof DocumentsMoved || hasCode(error, MONGO_CODE.duplicateKey);
    if (error instanceof NotCertified || isDisturbed) await discard(engine, generation);
    throw error;
  }
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
  const uuid = await slotUuid(engine, projection.name, slot);
  const removed = await engine.statuses.updateOne(mine, {
    $unset: { rebuild: '', [`slots.${slot}`]: '' },
  });
  if (removed.matchedCount === 0) return;
  await dropSlot(engine, projection.name, slot, uuid);
  await engine.quarantine.deleteMany(entries);
}

/**
 * What earlier generations had parked says nothing any more; nor does what is left under this one's number, of
 * one that was discarded or whose status was lost.
 */
async function forgetQuarantine(engine: ProjectionEngine, lease: RebuildLease): Promise<void> {
  const { plan, projection, status } = lease;
  const others = Object.entries(status.slots).flatMap(([slot, { generation }]) =>
    slot === plan.slot ? [] : [generation],
  );
  await inTransaction(engine.client, DEADLINE_MS, async (session) => {
    await lease.renew(session);
    const forgotten = { projection: projection.name, generation: { $nin: others } };
    await engine.quarantine.deleteMany(forgotten, { session });
  });
}

/** A slot that has just ceased to be live may still be read by processes that have not looked since. */
async function letSlotRest({ live, slots }: ProjectionStatus, restMs: number): Promise<void> {
  const kept = live === null ? undefined : slots[live === 'a' ? 'b' : 'a'];
  if (kept?.state !== 'kept') return;
  await sleep(Math.max(0, Math.min(restMs, kept.since.getTime() + restMs - Date.now())));
}
