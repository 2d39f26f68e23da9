import { setTimeout as sleep } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { familyStream } from '../../../src/families/family-stream.js';
import { readModels } from '../../../src/families/read-models/index.js';
import { NothingKept, rollBack } from '../../../src/projections/rebuild/rollback.js';
import {
  liveGeneration,
  otherSlot,
  slotCollection,
  SLOTS,
  STATUS_COLLECTION,
  type Slot,
} from '../../../src/projections/generations/status.js';
import {
  RetryNeedsRebuild,
  retryQuarantine,
  type RetryReport,
} from '../../../src/projections/quarantine/retry.js';
import { GenerationSwitched } from '../../../src/projections/quarantine/retry-together.js';
import { ProjectionNotBuilt } from '../../../src/projections/read/live-slot.js';
import { NotCertified } from '../../../src/projections/rebuild/certify.js';
import { RebuildLost, RebuildRunning } from '../../../src/projections/rebuild/rebuild-lease.js';
import {
  rebuild,
  type RebuildOptions,
  type RebuildReport,
} from '../../../src/projections/rebuild/rebuild.js';
import type { ProjectionEngine } from '../../../src/projections/engine.js';
import type { ProjectionRunner } from '../../../src/projections/runner/runner.js';
import { buildAll, caughtUp, expectProjected, HASTY, rebuildWhenFree, startRunner } from '../projected.js';
import type { TestProjections } from '../test-projections.js';
import { documents } from '../try-rights.js';
import { nextEvent, type KnownFamily } from './known-family.js';
import { poisonable } from './poisonable.js';
import type { Step } from './steps.js';

interface RunningProcess {
  runner: ProjectionRunner;
  cut(): Promise<void>;
}

/** Takes the steps of a history on a real database, and knows what must be true of it at any time. */
export class ProjectionModel {
  private readonly families: KnownFamily[] = [];
  private readonly runners = new Map<number, RunningProcess>();
  /** Slots from which root has deleted documents, and that have not been built anew since, each with its last loss. */
  private readonly damaged = new Map<string, number>();
  private losses = 0;
  /** Streams that handlers cannot take at present. */
  private readonly poisoned = new Set<string>();
  private readonly projections = readModels.map((projection) => poisonable(projection, this.poisoned));
  private readonly underWay = new Set<Promise<unknown>>();
  private readonly engine: ProjectionEngine;
  private names = 0;

  constructor(private readonly test: TestProjections) {
    this.engine = test.engine(this.projections, undefined, HASTY);
  }

  async begin(): Promise<void> {
    await this.take({ do: 'register' });
    await buildAll(this.engine);
    await this.take({ do: 'start runner', runner: 0 });
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'register':
        return void this.families.push({ written: await this.test.register(), isOpen: true, members: [] });
      case 'change':
        return this.change(step);
      case 'rebuild':
        return this.inBackground(() => this.rebuild(step.projection, step.how));
      case 'crash rebuild':
        return this.inBackground(() => this.crashRebuild(step.projection, step.afterMs));
      case 'roll back':
        return this.inBackground(() => this.rollBack(step.projection));
      case 'start runner':
        return this.startRunner(step.runner);
      case 'stop runner':
        return this.endRunner(step.runner, false);
      case 'crash runner':
        return this.endRunner(step.runner, true);
      case 'delete documents':
        return this.deleteDocuments(step.projection, step.every);
      case 'poison':
        return this.poison(step.family);
      case 'mend':
        return this.poisoned.clear();
      case 'retry':
        return this.inBackground(() => this.retry(step.projection));
      case 'lose status':
        return this.loseStatus(step.projection);
      case 'pause':
        return sleep(step.ms);
      case 'settle':
        return this.settle();
    }
  }

  /** After everything: what was damaged is rebuilt, and all of it is a pure fold of the log. */
  async end(): Promise<void> {
    await this.settle();
    for (const { name } of this.projections) if (await this.isDamaged(name)) await this.mendByRebuild(name);
    await this.settle();
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.underWay);
    for (const runner of [...this.runners.keys()]) await this.endRunner(runner, false);
  }

  /** Everything that can be mended is: then what was not damaged is a pure fold of the log. */
  private async settle(): Promise<void> {
    await Promise.all(this.underWay);
    this.poisoned.clear();
    if (this.runners.size === 0) await this.startRunner(0);
    for (const { name } of this.projections) {
      if ((await this.liveSlot(name)) === null) await this.mendByRebuild(name);
    }
    await caughtUp(this.engine);
    for (const projection of this.projections) {
      expect(await this.retry(projection.name)).toMatchObject({ stillParked: 0 });
      if (await this.isDamaged(projection.name)) continue;
      await expectProjected(this.test, this.engine, projection);
    }
  }

  /** What is parked is taken again: from its streams, or by a rebuild of all where documents gather from many. */
  private async retry(name: string): Promise<Pick<RetryReport, 'stillParked'>> {
    try {
      return await retryQuarantine(this.engine, this.engine.projection(name));
    } catch (error) {
      if (!(error instanceof RetryNeedsRebuild)) throw error;
      await this.mendByRebuild(name);
      return { stillParked: 0 };
    }
  }

  private async change({ family: index, what, times }: Step & { do: 'change' }): Promise<void> {
    const family = this.families[index % this.families.length];
    if (family === undefined) return;
    const events = Array.from({ length: times }, (_, turn) =>
      nextEvent(family, (what + turn * 3) % 8, `N${(this.names += 1)}`),
    );
    await this.test.append(family.written, ...events);
  }

  private async rebuild(name: string, how: (Step & { do: 'rebuild' })['how']): Promise<void> {
    const options: RebuildOptions = { onlyIfSame: how === 'only if same' };
    await this.noteSwitch(name, () => rebuild(this.engine, this.engine.projection(name), options));
  }

  private async mendByRebuild(name: string): Promise<void> {
    await this.noteSwitch(name, () => rebuildWhenFree(this.engine, this.engine.projection(name)));
  }

  /** A slot that has been built anew lacks nothing but what was deleted from it since it is live. */
  private async noteSwitch(name: string, work: () => Promise<RebuildReport>): Promise<void> {
    const before = new Map(this.damaged);
    const { switched, generation } = await work();
    if (!switched) return;
    const status = await this.engine.statuses.findOne({ _id: name });
    for (const slot of SLOTS) {
      const key = slotCollection(name, slot);
      const isNew = status?.slots[slot]?.generation === generation;
      if (isNew && this.damaged.get(key) === before.get(key)) this.damaged.delete(key);
    }
  }

  private async crashRebuild(name: string, afterMs: number): Promise<void> {
    const { engine, cut } = await this.test.elsewhere(this.projections, HASTY);
    const rebuilding = rebuild(engine, engine.projection(name)).catch(() => undefined);
    await sleep(afterMs);
    await cut();
    await rebuilding;
  }

  private async rollBack(name: string): Promise<void> {
    const lives = [await this.liveSlot(name)];
    try {
      await rollBack(this.engine, this.engine.projection(name));
    } catch (error) {
      if (error instanceof NothingKept) return;
      // The one that was kept, whatever has become live meanwhile.
      lives.push(await this.liveSlot(name));
      const wasDamaged = lives.some((live) => this.damaged.has(slotCollection(name, otherSlot(live))));
      if (!(error instanceof NotCertified && wasDamaged)) throw error;
    }
  }

  /** Rebuilds refuse each other, and what is lost or switched meanwhile is gone: that is right. */
  private inBackground(work: () => Promise<unknown>): void {
    const refusals = [RebuildRunning, RebuildLost, ProjectionNotBuilt, GenerationSwitched];
    const done = work().catch((error: unknown) => {
      if (!refusals.some((refusal) => error instanceof refusal)) throw error;
    });
    // Its failure is told by `settle`.
    done.catch(() => undefined);
    this.underWay.add(done);
  }

  private async startRunner(index: number): Promise<void> {
    if (this.runners.has(index)) return;
    const { engine, cut } = await this.test.elsewhere(this.projections, HASTY);
    this.runners.set(index, { runner: startRunner(engine).runner, cut });
  }

  private async endRunner(index: number, isCrash: boolean): Promise<void> {
    const running = this.runners.get(index);
    if (running === undefined) return;
    this.runners.delete(index);
    if (isCrash) await running.cut();
    await running.runner.stop();
  }

  private poison(index: number): void {
    const family = this.families[index % this.families.length];
    if (family !== undefined) this.poisoned.add(familyStream(family.written.id));
  }

  private async loseStatus(name: string): Promise<void> {
    await this.root().collection<{ _id: string }>(STATUS_COLLECTION).deleteOne({ _id: name });
  }

  private async deleteDocuments(name: string, every: number): Promise<void> {
    const slot = await this.liveSlot(name);
    if (slot === null) return;
    const live = documents(this.root(), slotCollection(name, slot));
    const ids = (await live.find({}, { projection: { _id: 1 } }).toArray()).map(({ _id }) => _id);
    this.damaged.set(live.collectionName, (this.losses += 1));
    await live.deleteMany({ _id: { $in: ids.filter((_, index) => index % every === 0) } });
  }

  private async liveSlot(name: string): Promise<Slot | null> {
    return liveGeneration(await this.engine.statuses.findOne({ _id: name }))?.slot ?? null;
  }

  private async isDamaged(name: string): Promise<boolean> {
    const slot = await this.liveSlot(name);
    return slot !== null && this.damaged.has(slotCollection(name, slot));
  }

  private root(): mongo.Db {
    return this.test.database.rootClient.db(this.test.database.name);
  }
}
