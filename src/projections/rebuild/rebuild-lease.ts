import { randomUUID } from 'node:crypto';
import mongoose, { type mongo } from 'mongoose';
import type { ProjectionEngine } from '../engine.js';
import {
  ensureStatus,
  nextGeneration,
  type ProjectionStatus,
  type RebuildState,
} from '../generations/status.js';
import type { Projection } from '../projection.js';
import type { RebuildPlan } from './plan-rebuild.js';
import { EventTally } from '../generations/event-tally.js';

const { Long } = mongoose.mongo;

/** By the server's clock: those of processes may differ. Of no rebuild, `until` is nothing, and less than any time. */
const HELD = { $expr: { $gte: ['$rebuild.until', '$$NOW'] } };
/** How often a plan may be out of date before it could be carried out. */
const PLANS = 5;

/** Another process is rebuilding, or rolling back, this projection. */
export class RebuildRunning extends Error {
  /** @param rebuild null where it could not be seen: it had begun and ended in between */
  constructor(
    readonly projection: string,
    rebuild: Pick<RebuildState, 'startedAt' | 'phase'> | null,
    leaseMs: number,
  ) {
    const since = rebuild === null ? '' : ` since ${rebuild.startedAt.toISOString()} (${rebuild.phase})`;
    super(
      `Another process has been rebuilding ${projection}, or rolling it back,${since}; if it has died, its work can ` +
        `be taken over after ${leaseMs / 1_000} seconds`,
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
   * @throws RebuildRunning, and what `makePlan` throws
   */
  static async take(
    engine: ProjectionEngine,
    projection: Projection,
    makePlan: (status: ProjectionStatus) => Promise<RebuildPlan>,
  ): Promise<RebuildLease> {
    for (let tries = 1; ; tries += 1) {
      const before = await ensureStatus(engine.statuses, projection.name);
      const plan = await makePlan(before);
      const owner = randomUUID();
      const taken = await tryTake(engine, projection, { before, plan, owner });
      if (taken !== null) return new RebuildLease(engine, projection, owner, taken, plan);
      const running = await engine.statuses.findOne({ _id: projection.name, ...HELD });
      if (running?.rebuild !== undefined || tries === PLANS) {
        throw new RebuildRunning(projection.name, running?.rebuild ?? null, engine.times.rebuildLeaseMs);
      }
      // Nobody holds it: the status has changed since it was looked at, and with it the plan.
    }
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

/** Takes the lease for a plan, if the status is still the one that it was made for. */
function tryTake(
  { statuses, times }: ProjectionEngine,
  projection: Projection,
  { before, plan, owner }: { before: ProjectionStatus; plan: RebuildPlan; owner: string },
): Promise<ProjectionStatus | null> {
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
    slot: plan.slot,
    target: Long.fromNumber(plan.target),
    phase: plan.phase,
    cursor: plan.cursor,
    seen: Long.fromNumber(plan.seen),
    startedAt: before.rebuild?.startedAt ?? new Date(),
  };
  return statuses.findOneAndUpdate(
    {
      _id: projection.name,
      live: before.live,
      // Whoever has gone on since, however little, is not overwritten.
      'rebuild.owner': before.rebuild?.owner ?? { $exists: false },
      'rebuild.cursor': before.rebuild?.cursor ?? null,
      [`slots.${plan.slot}.generation`]: before.slots[plan.slot]?.generation ?? { $exists: false },
      [`slots.${plan.slot}.checkpoint`]: before.slots[plan.slot]?.checkpoint ?? { $exists: false },
      $nor: [HELD],
    },
    [
      {
        $set: {
          rebuild: { ...literal(rebuild), until: { $add: ['$$NOW', times.rebuildLeaseMs] } },
          ...(plan.existing === null ? { [`slots.${plan.slot}`]: { $literal: generation } } : {}),
        },
      },
    ],
    { returnDocument: 'after' },
  );
}

/** Values as they are, for an update that is a pipeline. */
function literal(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, { $literal: value }]));
}
