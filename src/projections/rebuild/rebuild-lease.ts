import { randomUUID } from 'node:crypto';
import mongoose, { type mongo } from 'mongoose';
import type { ProjectionEngine } from '../engine.js';
import {
  ensureStatus,
  nextGeneration,
  otherSlot,
  type Generation,
  type ProjectionStatus,
  type RebuildState,
  type Slot,
} from '../generations/status.js';
import type { Projection } from '../projection.js';
import { EventTally } from '../generations/event-tally.js';

const { Long } = mongoose.mongo;

/** Another process is rebuilding, or rolling back, this projection. */
export class RebuildRunning extends Error {
  constructor(
    readonly projection: string,
    { startedAt, phase }: Pick<RebuildState, 'startedAt' | 'phase'>,
    leaseMs: number,
  ) {
    super(
      `Another process has been rebuilding ${projection} since ${startedAt.toISOString()} (${phase}); ` +
        `if it has died, its work can be taken over after ${leaseMs / 1_000} seconds`,
    );
    this.name = 'RebuildRunning';
  }
}

/** Another process has taken this rebuild over: this one writes nothing any more. */
export class RebuildLost extends Error {
  constructor(projection: string) {
    super(`Another process has taken over the rebuild of ${projection}`);
    this.name = 'RebuildLost';
  }
}

/** What a rebuild starts from. */
export interface RebuildPlan {
  slot: Slot;
  /** As it stands in the slot already: an unfinished generation to go on with, or one kept. Null: a new one. */
  existing: Generation | null;
  target: number;
  phase: RebuildState['phase'];
  cursor: string | null;
}

/** The right to build a generation in the slot that is not live. One at a time; the next one fences it. */
export class RebuildLease {
  private readonly heartbeat: NodeJS.Timeout;

  private constructor(
    private readonly engine: ProjectionEngine,
    readonly projection: Projection,
    private readonly owner: string,
    readonly status: ProjectionStatus,
    readonly plan: RebuildPlan,
  ) {
    this.heartbeat = setInterval(
      () => void this.renew().catch(() => undefined),
      engine.times.rebuildLeaseMs / 4,
    );
  }

  /**
   * Takes the lease for what `makePlan` decides on the status as it is.
   * @throws RebuildRunning
   */
  static async take(
    engine: ProjectionEngine,
    projection: Projection,
    makePlan: (status: ProjectionStatus) => Promise<RebuildPlan>,
  ): Promise<RebuildLease> {
    const owner = randomUUID();
    const { rebuildLeaseMs } = engine.times;
    const before = await ensureStatus(engine.statuses, projection.name);
    const plan = await makePlan(before);
    const generation = plan.existing ?? {
      generation: nextGeneration(before),
      version: projection.version,
      state: 'building' as const,
      checkpoint: Long.ZERO,
      documents: Long.ZERO,
      accounted: EventTally.empty().stored(),
      since: new Date(),
    };
    const rebuild = {
      owner,
      epoch: (before.rebuild?.epoch ?? 0) + 1,
      slot: plan.slot,
      target: Long.fromNumber(plan.target),
      phase: plan.phase,
      cursor: plan.cursor,
      startedAt: before.rebuild?.startedAt ?? new Date(),
    };
    const taken = await engine.statuses.findOneAndUpdate(
      {
        _id: projection.name,
        live: before.live,
        // The plan is for the status as it was: whoever has gone on since, however little, is not overwritten.
        'rebuild.owner': before.rebuild?.owner ?? { $exists: false },
        'rebuild.cursor': before.rebuild?.cursor ?? null,
        [`slots.${plan.slot}.generation`]: before.slots[plan.slot]?.generation ?? { $exists: false },
        [`slots.${plan.slot}.checkpoint`]: before.slots[plan.slot]?.checkpoint ?? { $exists: false },
        $expr: { $or: [{ $eq: [{ $type: '$rebuild' }, 'missing'] }, { $lt: ['$rebuild.until', '$$NOW'] }] },
      },
      [
        {
          $set: {
            rebuild: { ...literal(rebuild), until: { $add: ['$$NOW', rebuildLeaseMs] } },
            ...(plan.existing === null ? { [`slots.${plan.slot}`]: { $literal: generation } } : {}),
          },
        },
      ],
      { returnDocument: 'after' },
    );
    if (taken === null) {
      const now = await engine.statuses.findOne({ _id: projection.name });
      throw new RebuildRunning(
        projection.name,
        now?.rebuild ?? { startedAt: new Date(), phase: 'build' },
        rebuildLeaseMs,
      );
    }
    return new RebuildLease(engine, projection, owner, taken, plan);
  }

  /** What holds of the status as long as this lease does. */
  holds(): mongo.Filter<ProjectionStatus> {
    return { 'rebuild.owner': this.owner };
  }

  /** @throws RebuildLost */
  async renew(session?: mongo.ClientSession): Promise<void> {
    const renewed = await this.engine.statuses.updateOne(
      { _id: this.projection.name, ...this.holds() },
      [{ $set: { 'rebuild.until': { $add: ['$$NOW', this.engine.times.rebuildLeaseMs] } } }],
      session === undefined ? {} : { session },
    );
    if (renewed.matchedCount === 0) throw new RebuildLost(this.projection.name);
  }

  /** Lets go: the next rebuild goes on with the generation where this one stopped, if one was being built. */
  async release(): Promise<void> {
    clearInterval(this.heartbeat);
    const isBuilding = this.plan.existing?.state !== 'kept';
    await this.engine.statuses
      .updateOne(
        { _id: this.projection.name, ...this.holds() },
        isBuilding ? { $set: { 'rebuild.until': new Date(0) } } : { $unset: { rebuild: '' } },
      )
      .catch(() => undefined);
  }
}

/** Values as they are, for an update that is a pipeline. */
function literal(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, { $literal: value }]));
}

/**
 * Where a rebuild goes on or begins: an unfinished generation of this version, or the other slot from zero.
 * @param shown the slot that the view shows: where the status was lost, people still read it, and it is left alone
 */
export function planRebuild(
  { live, slots, rebuild }: ProjectionStatus,
  { version }: Projection,
  head: number,
  shown: Slot | null = null,
): RebuildPlan {
  const unfinished = rebuild === undefined ? undefined : slots[rebuild.slot];
  if (
    rebuild !== undefined &&
    rebuild.slot !== live &&
    unfinished?.state === 'building' &&
    unfinished.version === version &&
    Number(rebuild.target) <= head
  ) {
    const { slot, target, phase, cursor } = rebuild;
    return { slot, existing: unfinished, target: Number(target), phase, cursor };
  }
  const present = live === null ? undefined : slots[live];
  // Built to where the live one stands, the two can be compared event for event.
  const target = present?.version === version ? Math.min(head, Number(present.checkpoint)) : head;
  return { slot: otherSlot(live ?? shown), existing: null, target, phase: 'build', cursor: null };
}
