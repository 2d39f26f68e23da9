import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProjectionEngine } from '../../../src/projections/engine.js';
import { buildAll, HASTY } from '../projected.js';
import { createTestDatabase } from '../test-database.js';
import { createTestProjections, type TestProjections } from '../test-projections.js';
import type { ThreeNodeSet } from '../three-node-set.js';
import { checkHistory, checkProjections, type HistoryReport } from './check-history.js';
import type { Command } from './commands.js';
import { strikeSet, type Fault } from './faults.js';
import { startReader, startWriter, type HistoryProcess, type WriterOptions } from './history-process.js';
import { readNotes } from './notes.js';

/** How long writers and readers have after the last fault, in milliseconds: everything is answered by then. */
const SETTLES_WITHIN_MS = 30_000;

/** Processes that write and read one log, what they note, and what is found in the end. */
export class HistoryRun {
  private readonly writers = new Map<number, { process: HistoryProcess; generation: number }>();
  private readonly readers: HistoryProcess[] = [];
  private readonly hmacKey = randomBytes(32).toString('base64');

  private constructor(
    private readonly test: TestProjections,
    private readonly engine: ProjectionEngine,
    private readonly folder: string,
    private readonly plans: readonly (readonly Command[])[],
    private readonly options: (writer: number) => Partial<WriterOptions>,
  ) {}

  /** Makes an installation with its read models built. @param server as for `createTestDatabase` */
  static async prepare(
    server: string | undefined,
    plans: readonly (readonly Command[])[],
    options: (writer: number) => Partial<WriterOptions> = () => ({}),
  ): Promise<HistoryRun> {
    const database = await createTestDatabase(server);
    const kek = { key: randomBytes(32), fingerprint: 'test' };
    const test = await createTestProjections({ database, kek });
    const engine = test.engine(undefined, undefined, HASTY);
    await buildAll(engine);
    const folder = await mkdtemp(join(tmpdir(), 'family-accounts-history-'));
    await Promise.all(plans.map((plan, writer) => writeFile(planOf(folder, writer), JSON.stringify(plan))));
    return new HistoryRun(test, engine, folder, plans, options);
  }

  /** Starts a reader and all writers at once. */
  async begin(): Promise<void> {
    const [reader] = await Promise.all([
      startReader({ ...this.connection(), notes: join(this.folder, 'reader.notes') }),
      ...this.plans.map((_, writer) => this.startWriter(writer, { from: 0, again: [] })),
    ]);
    this.readers.push(reader);
    for (const { process } of this.writers.values()) process.begin();
  }

  /** Lets something bad happen, and resolves when all is well again. */
  async strike(set: ThreeNodeSet, fault: Fault): Promise<void> {
    if (fault.do === 'kill writer') return this.replaceWriter(fault.writer);
    if (fault.do !== 'stop writer') return strikeSet(set, fault);
    const asleep = this.writers.get(fault.writer)?.process;
    asleep?.signal('SIGSTOP');
    await sleep(fault.ms);
    asleep?.signal('SIGCONT');
  }

  /** kill -9, and another one that goes on with the rest of the plan, unanswered commands first. */
  async replaceWriter(writer: number): Promise<void> {
    const killed = this.writers.get(writer);
    if (killed === undefined) return;
    await killed.process.kill();
    const notes = await readNotes(this.folder);
    const own = [...notes].flatMap(([name, of]) => (name.startsWith(`writer-${writer}.`) ? of : []));
    const asked = new Set(own.flatMap((note) => (note.is === 'asked' ? note.command : [])));
    const answered = new Set(
      own.flatMap((note) => (note.is === 'answered' || note.is === 'declined' ? note.command : [])),
    );
    const plan = this.plans[writer] ?? [];
    const again = plan.filter(({ id, key }) => key !== null && asked.has(id) && !answered.has(id));
    const from = plan.findLastIndex(({ id }) => asked.has(id)) + 1;
    const process = await this.startWriter(
      writer,
      { from, again: again.map(({ id }) => id) },
      killed.generation + 1,
    );
    process.begin();
  }

  /** Resolves when every writer has carried out its plan. */
  async done(): Promise<void> {
    const writers = [...this.writers.values()];
    await within(SETTLES_WITHIN_MS, Promise.all(writers.map(({ process }) => process.ended)));
  }

  /** Ends the writers, each with what it has under way, then compares everything with everything. */
  async end(): Promise<HistoryReport> {
    const writers = [...this.writers.values()];
    await within(SETTLES_WITHIN_MS, Promise.all(writers.map(({ process }) => process.stop())));
    const violations = await checkProjections(this.test, this.engine);
    await Promise.all(this.readers.map((process) => process.stop()));
    const report = await checkHistory(this.test, this.folder);
    return { ...report, violations: [...report.violations, ...violations] };
  }

  /** Removes the installation and the notes. */
  async remove(): Promise<void> {
    await Promise.all([...this.writers.values()].map(({ process }) => process.kill()));
    await Promise.all(this.readers.map((process) => process.kill()));
    await this.test.close();
    await this.test.database.drop();
    await rm(this.folder, { recursive: true, force: true });
  }

  private connection(): { uri: string; name: string } {
    const { database } = this.test;
    return { uri: database.uriAs('service'), name: database.name };
  }

  private async startWriter(
    writer: number,
    where: Pick<WriterOptions, 'from' | 'again'>,
    generation = 1,
  ): Promise<HistoryProcess> {
    const process = await startWriter({
      ...this.connection(),
      kek: this.test.kek.key.toString('base64'),
      hmacKey: this.hmacKey,
      notes: join(this.folder, `writer-${writer}.${generation}.notes`),
      plan: planOf(this.folder, writer),
      callers: 16,
      paceMs: 10,
      // Some give up soon: what they were not told is stored or not all the same.
      deadlineMs: writer % 2 === 0 ? 8_000 : 2_500,
      // One lives in another time of day.
      clockMs: writer === 3 ? -20 * 60 * 60 * 1_000 : 0,
      // Two of them follow the log, as every process of the service does.
      follows: writer < 2 ? HASTY : null,
      ...this.options(writer),
      ...where,
    });
    this.writers.set(writer, { process, generation });
    return process;
  }
}

function planOf(folder: string, writer: number): string {
  return join(folder, `plan-${writer}.json`);
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const inTime = new AbortController();
  const isLate = sleep(ms, true, { signal: inTime.signal }).catch(() => false);
  const late = await Promise.race([work.then(() => false), isLate]);
  inTime.abort();
  if (late) throw new Error(`The writers had not ended after ${ms} ms`);
}
