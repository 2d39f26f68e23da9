import type { ProjectionEngine } from '../../../src/projections/engine.js';
import { checkLog } from '../check-log.js';
import { caughtUp, liveOf, startRunner } from '../projected.js';
import { differing, pureFold, storedBytes } from '../pure-fold.js';
import type { TestProjections } from '../test-projections.js';
import { checkAnswers } from './check-answers.js';
import { checkAppends } from './check-appends.js';
import { checkReaders } from './check-readers.js';
import { readNotes, type Note } from './notes.js';
import { readStored } from './stored-log.js';
import type { History, Violation } from './violation.js';

/** How long read models may take to reach the head when nobody writes any more, in milliseconds. */
const CAUGHT_UP_WITHIN_MS = 30_000;

/** What the checker found, and how much there was to check. */
export interface HistoryReport {
  violations: Violation[];
  counts: Record<
    'events' | 'acknowledged' | 'refused' | 'unknown' | 'answered' | 'replayed' | 'seen',
    number
  >;
}

/**
 * Compares the log, its claims and the read models with what all processes of a history noted. Every writer and
 * reader has to have ended; what one had under way when it was killed is stored or not by now.
 * @param folder where they left their notes
 */
export async function checkHistory(test: TestProjections, folder: string): Promise<HistoryReport> {
  const { rootClient, logName } = test.database;
  const { problems } = await checkLog(rootClient, logName);
  const history: History = {
    notes: await readNotes(folder),
    ...(await readStored(rootClient, logName, test.keys)),
  };
  const damaged = problems.map((facts): Violation => ({ kind: 'damaged', facts }));
  return {
    violations: [...damaged, ...violationsOf(history)],
    counts: countsOf(history),
  };
}

/** The part that needs no database. */
export function violationsOf(history: History): Violation[] {
  return [...checkAppends(history), ...checkReaders(history), ...checkAnswers(history)];
}

/** Lets the read models catch up, and compares each with a fold of the whole log, byte by byte. */
export async function checkProjections(
  test: TestProjections,
  engine: ProjectionEngine,
): Promise<Violation[]> {
  const { runner, logged } = startRunner(engine);
  const late = await caughtUp(engine, undefined, CAUGHT_UP_WITHIN_MS).catch(
    () => logged.at(-1) ?? 'no error',
  );
  await runner.stop();
  if (late !== undefined) return [{ kind: 'projection differs', facts: `They do not catch up: ${late}` }];
  const violations: Violation[] = [];
  for (const projection of engine.projections) {
    const { slot } = await liveOf(engine, projection.name);
    const found = await storedBytes(test, projection.name, slot);
    for (const id of differing(await pureFold(test, projection), found)) {
      violations.push({
        kind: 'projection differs',
        facts: `${id} of ${projection.name} is no fold of the log`,
      });
    }
  }
  return violations;
}

function countsOf({ notes, events }: History): HistoryReport['counts'] {
  const all = [...notes.values()].flat();
  const count = (is: (note: Note) => boolean): number => all.filter(is).length;
  return {
    events: events.length,
    acknowledged: count(({ is }) => is === 'stored'),
    refused: count(({ is }) => is === 'refused'),
    unknown: count(({ is }) => is === 'unknown'),
    answered: count(({ is }) => is === 'answered'),
    replayed: count((note) => note.is === 'answered' && note.replayed),
    seen: all.reduce((sum, note) => sum + (note.is === 'saw' ? note.events.length : 0), 0),
  };
}
