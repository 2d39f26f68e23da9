import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import type { Logger } from 'pino';
import { isDatabaseAway } from '../../database/database-away.js';
import type { ProjectionEngine } from '../engine.js';
import type { NeedsNewerCode } from '../fold-stream.js';
import { liveGeneration } from '../generations/status.js';
import { letViewFollow } from '../generations/view.js';
import { Fenced } from './apply-batch.js';
import { catchUpOnePage } from './catch-up.js';
import { endLease, leaseHolds, takeLease } from './lease.js';
import { LogSignal } from './log-signal.js';
import { openGeneration, type OpenGeneration } from './open-generation.js';

/**
 * Events that arrive within this time share a transaction, in milliseconds: at a hundred registrations a second a
 * transaction for each would cost the database, and the thread that hashes no passwords meanwhile, more than the
 * registrations themselves. Whoever waits for a position ends it early.
 */
const PACE_MS = 80;
const AFTER_ERROR_MS = 500;

/**
 * Keeps the live generations up to date: follows the log, one page at a time, for every projection whose lease
 * this process holds. Several processes may run one; each projection is followed by one of them.
 */
export class ProjectionRunner {
  private readonly held = new Map<string, OpenGeneration>();
  /** Projections that need newer code than this process runs, each with the position that such code has to pass. */
  private readonly halted = new Map<string, number>();
  /** The generation that each view was last made to show. */
  private readonly shown = new Map<string, number>();
  private showing: Promise<void> = Promise.resolve();
  private readonly signal: LogSignal;
  private renewedAt = -Infinity;
  private stopping = false;
  private running: Promise<void> | null = null;
  private hurried = false;
  private endRest: () => void = () => undefined;

  /** @param owner a name that no other process has */
  constructor(
    private readonly engine: ProjectionEngine,
    private readonly owner: string,
    private readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>,
  ) {
    this.signal = new LogSignal(engine.log);
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Looks at the status again now: a generation was built or switched. */
  lookAgain(): void {
    this.renewedAt = -Infinity;
    this.signal.raise();
  }

  /** Somebody waits for what the log holds by now: goes on without gathering more. */
  hurry(): void {
    this.hurried = true;
    this.endRest();
    this.signal.raise();
  }

  /** Ends after the batch under way and gives the leases back. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.endRest();
    await this.signal.close();
    await this.running;
    await this.showing;
    for (const { name } of this.engine.projections) {
      await endLease(this.engine, name, this.owner).catch(() => undefined);
    }
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      try {
        if (performance.now() - this.renewedAt > this.engine.times.leaseMs / 4) await this.renew();
        const began = performance.now();
        if (await this.goOn()) await this.rest(PACE_MS - (performance.now() - began));
        else await this.signal.wait();
      } catch (error) {
        // What this process knows of its generations may be out of date: everything is opened anew.
        this.held.clear();
        this.renewedAt = -Infinity;
        this.logger.error({ err: error }, 'projections: cannot go on, trying again');
        await sleep(AFTER_ERROR_MS);
      }
    }
  }

  private async rest(ms: number): Promise<void> {
    if (ms > 0 && !this.hurried && !this.stopping) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.endRest = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.hurried = false;
  }

  /** One page for each group of generations at one checkpoint; false where none has anything to do. */
  private async goOn(): Promise<boolean> {
    let events = 0;
    for (const group of byCheckpoint(this.held.values())) events += await this.step(group);
    return events > 0;
  }

  /** Generations that cannot go on together go on alone: what one of them cannot store holds up no other. */
  private async step(group: readonly OpenGeneration[]): Promise<number> {
    try {
      const { events, stopped } = await catchUpOnePage(this.engine, group);
      for (const [generation, reason] of stopped) await this.halt(generation, reason);
      return events;
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      const [first, ...others] = group;
      if (first !== undefined && others.length === 0) this.reopen(first, error);
      else for (const generation of group) await this.step([generation]);
      return 0;
    }
  }

  /** What this process knows of a generation may be out of date: it is opened anew, at once or with the leases. */
  private reopen({ projection: { name } }: OpenGeneration, error: unknown): void {
    this.held.delete(name);
    if (error instanceof Fenced) this.lookAgain();
    else this.logger.error({ projection: name, err: error }, 'projections: cannot go on, trying again');
  }

  private async renew(): Promise<void> {
    for (const projection of this.engine.projections) {
      if (await this.isHalted(projection.name)) continue;
      const status = await takeLease(this.engine, projection, this.owner);
      const live = liveGeneration(status);
      const open = this.held.get(projection.name);
      if (status === null || live === null) this.held.delete(projection.name);
      else if (open?.generation !== live.generation.generation) {
        this.held.set(
          projection.name,
          await openGeneration(this.engine, projection, live, leaseHolds(status)),
        );
        if (status.stopped !== undefined) {
          await this.engine.statuses.updateOne({ _id: projection.name }, { $unset: { stopped: '' } });
        }
      }
      if (live !== null) this.showInView(projection.name, live.generation.generation);
    }
    this.renewedAt = performance.now();
  }

  /** Until newer code has passed what it stopped at: from there on this code can go on, should that one go away. */
  private async isHalted(name: string): Promise<boolean> {
    const position = this.halted.get(name);
    if (position === undefined) return false;
    const live = liveGeneration(await this.engine.statuses.findOne({ _id: name }));
    if (live === null || Number(live.generation.checkpoint) < position) return true;
    this.halted.delete(name);
    return false;
  }

  /** In the background: a long read of the view holds up its change, and must not hold up the log. */
  private showInView(name: string, generation: number): void {
    if (this.shown.get(name) === generation) return;
    this.shown.set(name, generation);
    this.showing = this.showing
      .then(() => letViewFollow(this.engine, name))
      .then(({ setAside }) => {
        if (setAside === null) return;
        this.logger.warn({ projection: name, setAside }, 'a collection in the place of a view was set aside');
      })
      .catch((error: unknown) => {
        this.shown.delete(name);
        this.logger.warn({ projection: name, err: error }, 'the view could not follow, trying again');
      });
  }

  /** Leaves a projection to a process that runs newer code, and says why it does not go on here. */
  private async halt(generation: OpenGeneration, { position, message }: NeedsNewerCode): Promise<void> {
    const { name } = generation.projection;
    this.held.delete(name);
    this.halted.set(name, generation.checkpoint + 1);
    this.logger.error({ projection: name, position }, message);
    const stopped = { position: mongoose.mongo.Long.fromNumber(position), message, at: new Date() };
    await this.engine.statuses.updateOne({ _id: name, 'lease.owner': this.owner }, { $set: { stopped } });
    await endLease(this.engine, name, this.owner);
  }
}

/** Generations at the same place take the next page together. */
function byCheckpoint(generations: Iterable<OpenGeneration>): OpenGeneration[][] {
  const groups = new Map<number, OpenGeneration[]>();
  for (const generation of generations) {
    const group = groups.get(generation.checkpoint);
    if (group === undefined) groups.set(generation.checkpoint, [generation]);
    else group.push(generation);
  }
  return [...groups.values()];
}
