import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import type { Logger } from 'pino';
import type { StoredDocument } from './documents.js';
import type { ProjectionEngine } from './engine.js';
import { ensureStatus, liveGeneration } from './generations/status.js';
import type { Projection } from './projection.js';
import { LiveSlots } from './read/live-slot.js';
import { projectionAlarms, type ProjectionAlarm } from './read/projection-alarms.js';
import { requireKnownPosition, waitUntilReached } from './read/wait-until-reached.js';
import { RebuildRunning } from './rebuild/rebuild-lease.js';
import { rebuild } from './rebuild/rebuild.js';
import { ProjectionRunner } from './runner/runner.js';

/** Projections as the service runs them: built where they are not, followed, and read from. */
export class ProjectionsService {
  private readonly runner: ProjectionRunner;
  private readonly slots: LiveSlots;
  private readonly stopping = new AbortController();
  private building: Promise<void> | null = null;
  /** Projections of which the log says that another process builds them. */
  private readonly builtElsewhere = new Set<string>();

  constructor(
    readonly engine: ProjectionEngine,
    private readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>,
  ) {
    this.runner = new ProjectionRunner(engine, randomUUID(), logger);
    this.slots = new LiveSlots(engine);
  }

  /** Follows the log, and builds what has no generation of this code's version yet. Does not wait for either. */
  start(): void {
    this.runner.start();
    this.building ??= this.buildWhatIsMissing();
  }

  /** Ends both; a build that is under way is gone on with at the next start. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.runner.stop();
    await this.building;
  }

  /** The live documents of a projection. @throws ProjectionNotBuilt */
  documents(projection: string): Promise<mongo.Collection<StoredDocument>> {
    return this.slots.documents(projection);
  }

  /** Waits until what `documents` gives next has reached a position; see wait-until-reached.ts. */
  async waitUntilReached(projection: string, position: number): Promise<void> {
    const slot = await waitUntilReached(this.engine, projection, position, {
      hurry: () => this.runner.hurry(),
    });
    // Just switched to, perhaps: the one that was read from until now does not go on any more.
    this.slots.saw(projection, slot, performance.now());
  }

  /**
   * For what is read from streams, which hold every write that was acknowledged: refuses a position that the log
   * has not reached. @throws PositionUnknown
   */
  requireKnownPosition(position: number): Promise<void> {
    return requireKnownPosition(this.engine, position);
  }

  /** What is wrong with projections as they stand, at the cost of a few small reads; see projection-alarms.ts. */
  alarms(): Promise<ProjectionAlarm[]> {
    return projectionAlarms(this.engine, new Date());
  }

  private async buildWhatIsMissing(): Promise<void> {
    const { signal } = this.stopping;
    let missing = this.engine.projections;
    while (missing.length > 0 && !signal.aborted) {
      // One that cannot be built keeps none of the others waiting.
      const still: Projection[] = [];
      for (const projection of missing) {
        if (!(await this.isBuilt(projection))) still.push(projection);
      }
      missing = still;
      if (missing.length > 0) {
        await sleep(this.engine.times.buildAgainMs, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  }

  /** Whether a generation of this version, or a newer one, is live by now. */
  private async isBuilt(projection: Projection): Promise<boolean> {
    try {
      this.stopping.signal.throwIfAborted();
      const live = liveGeneration(await ensureStatus(this.engine.statuses, projection.name));
      if (live !== null && live.generation.version >= projection.version) return true;
      const report = await rebuild(this.engine, projection, { signal: this.stopping.signal });
      const { generation, documents, events, seconds } = report;
      this.logger.info({ projection: projection.name, generation, documents, events, seconds }, 'built');
      this.runner.lookAgain();
      return true;
    } catch (error) {
      if (!this.stopping.signal.aborted) this.tellWhyNot(projection.name, error);
      return false;
    }
  }

  /** What another process is at is no trouble, and told once; it may die over it, and is looked after. */
  private tellWhyNot(projection: string, error: unknown): void {
    if (!(error instanceof RebuildRunning)) {
      this.logger.warn({ projection, err: error }, 'not built yet, trying again');
    } else if (!this.builtElsewhere.has(projection)) {
      this.builtElsewhere.add(projection);
      this.logger.info({ projection }, error.message);
    }
  }
}
