import type { ProjectionEngine } from '../engine.js';
import type { Projection } from '../projection.js';
import { catchUpToEnd } from './catch-up-to-end.js';
import { certify, type Certificate } from './certify.js';
import type { OnProgress } from '../progress.js';
import type { RebuildPlan } from './plan-rebuild.js';
import { RebuildLease, RebuildLost } from './rebuild-lease.js';
import { Fenced } from '../runner/apply-batch.js';
import { openGeneration } from '../runner/open-generation.js';
import { otherSlot, type ProjectionStatus } from '../generations/status.js';
import { switchGeneration, type Switched } from './switch-generation.js';

/** There is no earlier generation to go back to. */
export class NothingKept extends Error {
  constructor(projection: string, why: string) {
    super(`There is no earlier generation of ${projection} to go back to: ${why}`);
    this.name = 'NothingKept';
  }
}

/** What was proved of the generation gone back to, and how it became live. */
export interface RollbackReport extends Certificate, Omit<Switched, 'position'> {
  projection: string;
  generation: number;
  /** The position at which it became live: what came after the proof was caught up with. */
  switchedAt: number;
  seconds: number;
}

/**
 * Goes back to the generation that was live before: caught up with the log first and certified like a new one.
 * Doing it again goes forward again.
 * @throws NothingKept, RebuildRunning, RebuildLost, NotCertified, LogDamaged, NeedsNewerCode
 */
export async function rollBack(
  engine: ProjectionEngine,
  projection: Projection,
  onProgress: OnProgress = () => undefined,
): Promise<RollbackReport> {
  const began = performance.now();
  const lease = await RebuildLease.take(engine, projection, (status) =>
    Promise.resolve(planRollback(status, projection)),
  );
  try {
    const { slot, existing } = lease.plan;
    if (existing === null) throw new NothingKept(projection.name, 'none is kept');
    const kept = await openGeneration(engine, projection, { slot, generation: existing }, lease.holds());
    await catchUpToEnd(engine, kept, onProgress);
    const certificate = await certify(engine, kept, onProgress);
    const { position: switchedAt, ...view } = await switchGeneration(engine, kept, onProgress);
    return {
      ...certificate,
      switchedAt,
      ...view,
      projection: projection.name,
      generation: kept.generation,
      seconds: (performance.now() - began) / 1_000,
    };
  } catch (error) {
    throw error instanceof Fenced ? new RebuildLost(projection.name) : error;
  } finally {
    await lease.release();
  }
}

function planRollback({ live, slots }: ProjectionStatus, { name, version }: Projection): RebuildPlan {
  const slot = otherSlot(live);
  const kept = slots[slot];
  if (live === null || kept?.state !== 'kept') throw new NothingKept(name, 'none is kept');
  if (kept.version !== version) {
    throw new NothingKept(
      name,
      `generation ${kept.generation} was built by version ${kept.version} of the projection, this is ${version}`,
    );
  }
  return { slot, existing: kept, target: Number(kept.checkpoint), phase: 'catch-up', cursor: null, seen: 0 };
}
