import { giveWay } from '../../config/give-way.js';
import { reportFailure } from '../../config/report-failure.js';
import { remakeCollections } from '../../database/remake-collections.js';
import type { ProjectionEngine } from '../../projections/engine.js';
import type { Projection } from '../../projections/projection.js';
import { areSame } from '../../projections/differences.js';
import { rebuild, type RebuildReport } from '../../projections/rebuild/rebuild.js';
import { describeDifferences } from '../describe-differences.js';
import { describeView } from '../describe-view.js';
import { EXIT } from '../exit-code.js';
import { dryRunRebuild } from './projections-dry-run.js';
import { mendable } from '../mendable.js';
import type { Terminal } from '../terminal.js';
import { tellProgress } from '../tell-progress.js';
import { chooseProjections, withProjections } from '../with-projections.js';
import { howMany } from '../how-many.js';

export interface RebuildCommandOptions {
  all?: boolean;
  onlyIfSame?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** A projection whose rebuild failed; others are rebuilt all the same. */
interface FailedRebuild {
  projection: string;
  switched: false;
  error: string;
}

type Outcome = RebuildReport | FailedRebuild;

/** `projections rebuild` */
export async function rebuildProjections(
  terminal: Terminal,
  name: string | undefined,
  options: RebuildCommandOptions,
): Promise<void> {
  const { all, json, dryRun } = options;
  const chosen = chooseProjections(name, all);
  if (dryRun === true) return dryRunRebuild(terminal, chosen, { all, json });
  giveWay();
  await withProjections(terminal, { as: 'service', json }, async ({ engine, client, database }) => {
    // Without these a rebuild could not even say that it runs; they hold nothing that the log does not tell.
    const collections = ['projection_status', 'projection_quarantine'] as const;
    await remakeCollections(client, database.name, collections, terminal.reporter(json));
    const outcomes: Outcome[] = [];
    const isComplete = await terminal.endingInOrder(async (signal) => {
      for (const projection of chosen) {
        signal.throwIfAborted();
        outcomes.push(
          await rebuildOne(engine, projection, options, {
            terminal,
            signal,
            alone: all !== true,
            json: json === true,
          }),
        );
      }
    });
    const interrupted = isComplete ? {} : { interrupted: true };
    const value =
      all === true ? { ...interrupted, projections: outcomes } : { ...interrupted, ...outcomes[0] };
    terminal.endProgress();
    terminal.answer(json, value, () => [
      ...outcomes.flatMap((outcome) => describe(outcome, options)),
      ...(isComplete ? [] : [describeStop(chosen[outcomes.length])]),
    ]);
    const isOk = outcomes.every((outcome) => isDone(outcome, options));
    terminal.exitWith(!isComplete ? EXIT.interrupted : isOk ? EXIT.ok : EXIT.findings);
  });
}

function describeStop(at: Projection | undefined): string {
  const name = at?.name ?? '';
  return (
    `Stopped at ${name}. What is live of it was not touched; ` +
    `"family-accounts projections rebuild ${name}" goes on where this one stopped.`
  );
}

async function rebuildOne(
  engine: ProjectionEngine,
  projection: Projection,
  { onlyIfSame = false }: RebuildCommandOptions,
  {
    terminal,
    signal,
    alone,
    json,
  }: { terminal: Terminal; signal: AbortSignal; alone: boolean; json: boolean },
): Promise<Outcome> {
  try {
    const onProgress = tellProgress(terminal.reporter(json), projection.name, { comparing: 'documents' });
    return await rebuild(engine, projection, { onlyIfSame, signal, onProgress });
  } catch (error) {
    if (alone || signal.aborted) throw error;
    terminal.endProgress();
    process.stderr.write(reportFailure(mendable(error)));
    const message = error instanceof Error ? error.message : String(error);
    return { projection: projection.name, switched: false, error: message };
  }
}

/** As `projections verify` judges what is live: a stream that is not followed is a finding. */
function isDone(outcome: Outcome, { onlyIfSame }: RebuildCommandOptions): boolean {
  if ('error' in outcome || outcome.quarantined > 0) return false;
  return (
    onlyIfSame !== true || outcome.switched || (outcome.differences !== null && areSame(outcome.differences))
  );
}

function describe(outcome: Outcome, { onlyIfSame }: RebuildCommandOptions): string[] {
  const { projection } = outcome;
  if ('error' in outcome) return [`${projection}: not rebuilt. ${outcome.error}.`];
  const { generation, documents, events, position, seconds, resumed, differences, notCompared } = outcome;
  const lines = [
    `${projection}: generation ${generation} ${resumed ? 'was finished' : 'was built'} and certified in ` +
      `${seconds.toFixed(1)} s: ${howMany(documents, 'document')} of ${howMany(events, 'event')}, up to position ${position}.`,
    differences === null
      ? `  Not compared: ${notCompared ?? 'there is nothing to compare with'}.`
      : areSame(differences)
        ? '  The live generation was the same, byte for byte.'
        : '  The live generation differed from the log:',
    ...(differences === null || areSame(differences) ? [] : describeDifferences(differences)),
  ];
  if (outcome.quarantined > 0) {
    lines.push(
      `  Not taken and parked: ${howMany(outcome.quarantined, 'stream')}, told of up to the event that cannot be taken. What the ` +
        `generation before told beyond that comes back with a rollback. See "family-accounts projections quarantine list ${projection}".`,
    );
  }
  lines.push(...describeView(projection, outcome));
  return [...lines, `  ${describeSwitch(outcome, onlyIfSame === true)}`];
}

function describeSwitch({ projection, switched }: RebuildReport, onlyIfSame: boolean): string {
  if (switched) return `Live now. Undo: "family-accounts projections rollback ${projection}".`;
  return onlyIfSame
    ? 'Not switched to, as --only-if-same asks. Without it the new generation becomes the live one.'
    : 'Not switched to.';
}
