import { setTimeout as sleep } from 'node:timers/promises';
import type { FamilyEvent } from '../../../src/families/domain/events.js';
import { NothingKept, rollBack } from '../../../src/projections/rebuild/rollback.js';
import { NotCertified } from '../../../src/projections/rebuild/certify.js';
import { RebuildLost, RebuildRunning } from '../../../src/projections/rebuild/rebuild-lease.js';
import { rebuild, type RebuildOptions } from '../../../src/projections/rebuild/rebuild.js';
import type { ProjectionEngine } from '../../../src/projections/engine.js';
import type { ProjectionRunner } from '../../../src/projections/runner/runner.js';
import {
  added,
  birthYearChanged,
  closed,
  localeChanged,
  memberRenamed,
  removed,
  renamed,
  reopened,
} from '../family-events.js';
import {
  buildAll,
  caughtUp,
  expectProjected,
  HASTY,
  liveOf,
  rebuildWhenFree,
  startRunner,
} from '../projected.js';
import type { TestProjections, WrittenFamily } from '../test-projections.js';
import { documents } from '../try-rights.js';
import type { Step } from './steps.js';

interface KnownFamily {
  written: WrittenFamily;
  isOpen: boolean;
  members: string[];
}

interface RunningProcess {
  runner: ProjectionRunner;
  cut(): Promise<void>;
}

/** Takes the steps of a history on a real database, and knows what must be true of it at any time. */
export class ProjectionModel {
  private readonly families: KnownFamily[] = [];
  private readonly runners = new Map<number, RunningProcess>();
  /** Projections of which root has deleted documents, and that no rebuild has made good since. */
  private readonly damaged = new Map<string, number>();
  private readonly underWay = new Set<Promise<void>>();
  private readonly engine: ProjectionEngine;
  private names = 0;

  constructor(private readonly test: TestProjections) {
    this.engine = test.engine(undefined, undefined, HASTY);
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
      case 'pause':
        return sleep(step.ms);
      case 'settle':
        return this.settle();
    }
  }

  /** After everything: what was damaged is rebuilt, and all of it is a pure fold of the log. */
  async end(): Promise<void> {
    await this.settle();
    for (const name of this.damaged.keys()) await rebuildWhenFree(this.engine, this.engine.projection(name));
    this.damaged.clear();
    await this.settle();
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.underWay);
    for (const runner of [...this.runners.keys()]) await this.endRunner(runner, false);
  }

  private async settle(): Promise<void> {
    await Promise.all(this.underWay);
    if (this.runners.size === 0) await this.startRunner(0);
    await caughtUp(this.engine);
    for (const projection of this.engine.projections) {
      if (!this.damaged.has(projection.name)) await expectProjected(this.test, this.engine, projection);
    }
  }

  private async change({ family: index, what, times }: Step & { do: 'change' }): Promise<void> {
    const family = this.families[index % this.families.length];
    if (family === undefined) return;
    const events = Array.from({ length: times }, (_, turn) => this.next(family, (what + turn * 3) % 8));
    await this.test.append(family.written, ...events);
  }

  /** An event that this family can have next. */
  private next(family: KnownFamily, what: number): FamilyEvent {
    const name = `N${(this.names += 1)}`;
    const member = family.members.at(what % Math.max(1, family.members.length));
    if (!family.isOpen) {
      family.isOpen = true;
      return reopened();
    }
    if (what === 0) return localeChanged(name);
    if (what === 1) {
      family.isOpen = false;
      return closed(name);
    }
    if (what <= 3 || member === undefined) {
      family.members.push(`${family.written.id}-${name}`);
      return added(`${family.written.id}-${name}`, name);
    }
    if (what === 4) {
      family.members = family.members.filter((one) => one !== member);
      return removed(member);
    }
    if (what === 5) return memberRenamed(member, name);
    return what === 6 ? birthYearChanged(member, 2000 + (this.names % 20)) : renamed(name);
  }

  private async rebuild(name: string, how: (Step & { do: 'rebuild' })['how']): Promise<void> {
    const options: RebuildOptions = { onlyIfSame: how === 'only if same' };
    const damage = this.damaged.get(name);
    const report = await rebuild(this.engine, this.engine.projection(name), options);
    // What was deleted while it went on, it may have seen or not.
    if (report.switched && this.damaged.get(name) === damage) this.damaged.delete(name);
  }

  private async crashRebuild(name: string, afterMs: number): Promise<void> {
    const { engine, cut } = await this.test.elsewhere(undefined, HASTY);
    const rebuilding = rebuild(engine, engine.projection(name)).catch(() => undefined);
    await sleep(afterMs);
    await cut();
    await rebuilding;
  }

  private async rollBack(name: string): Promise<void> {
    try {
      await rollBack(this.engine, this.engine.projection(name));
    } catch (error) {
      // What is kept may be what root has deleted from.
      if (!(error instanceof NothingKept || error instanceof NotCertified)) throw error;
    }
  }

  /** Rebuilds refuse each other, and that is right. */
  private inBackground(work: () => Promise<void>): void {
    const done = work().catch((error: unknown) => {
      const isRefusal = error instanceof RebuildRunning || error instanceof RebuildLost;
      if (!isRefusal) throw error;
    });
    // Its failure is told by `settle`.
    done.catch(() => undefined);
    this.underWay.add(done);
  }

  private async startRunner(index: number): Promise<void> {
    if (this.runners.has(index)) return;
    const { engine, cut } = await this.test.elsewhere(undefined, HASTY);
    this.runners.set(index, { runner: startRunner(engine).runner, cut });
  }

  private async endRunner(index: number, isCrash: boolean): Promise<void> {
    const running = this.runners.get(index);
    if (running === undefined) return;
    this.runners.delete(index);
    if (isCrash) await running.cut();
    await running.runner.stop();
  }

  private async deleteDocuments(name: string, every: number): Promise<void> {
    const { rootClient, name: database } = this.test.database;
    const { slot } = await liveOf(this.engine, name);
    const live = documents(rootClient.db(database), `${name}@${slot}`);
    const ids = (await live.find({}, { projection: { _id: 1 } }).toArray()).map(({ _id }) => _id);
    this.damaged.set(name, (this.damaged.get(name) ?? 0) + 1 + Math.random());
    await live.deleteMany({ _id: { $in: ids.filter((_, index) => index % every === 0) } });
  }
}
