import { giveWay } from '../../config/give-way.js';
import { areSame, type Differences } from '../../projections/differences.js';
import type { Projection } from '../../projections/projection.js';
import type { Verification } from '../../projections/verify/verify.js';
import { describeDifferences } from '../describe-differences.js';
import { EXIT } from '../exit-code.js';
import { howMany } from '../how-many.js';
import type { Terminal } from '../terminal.js';
import { describeStop, verifyInTurn } from '../verify-in-turn.js';
import { withProjections } from '../with-projections.js';

/** What a rebuild would make of a projection. */
interface DryRun {
  projection: string;
  switched: false;
  /** The log was replayed up to here; null where nothing live could be compared with. */
  position: number | null;
  /** How many documents a rebuild would give. */
  documents: number;
  differences: Differences | null;
  /** What else a rebuild would put right. */
  problems: string[];
}

/**
 * `projections rebuild --dry-run`: replays the log and tells how the live generations differ, as a user who cannot
 * write. Nothing is built, so the generation that is kept for going back stays.
 */
export async function dryRunRebuild(
  terminal: Terminal,
  chosen: readonly Projection[],
  { all, json }: { all?: boolean | undefined; json?: boolean | undefined },
): Promise<void> {
  giveWay();
  await withProjections(terminal, { as: 'auditor', json }, async ({ engine }) => {
    const { found, stoppedAt } = await verifyInTurn(terminal, engine, chosen, json);
    const stop = describeStop(stoppedAt);
    const runs = found.map(asDryRun);
    const value = all === true ? { ...stop.json, projections: runs } : { ...stop.json, ...runs[0] };
    terminal.answer(json, value, () => [...runs.flatMap(describe), ...stop.lines]);
    if (stoppedAt !== null) terminal.exitWith(EXIT.interrupted);
  });
}

function asDryRun({ projection, position, expected, problems, ...compared }: Verification): DryRun {
  const { missing, extra, different, samples } = compared;
  const differences = position === null ? null : { missing, extra, different, samples };
  return { projection, switched: false, position, documents: expected, differences, problems };
}

function describe({ projection, position, documents, differences, problems }: DryRun): string[] {
  if (differences === null) {
    return [`${projection}: a rebuild would build it; not compared: ${problems.join('; ')}.`];
  }
  return [
    `${projection}: a rebuild would give ${howMany(documents, 'document')} (position ${position ?? 0}).`,
    ...(areSame(differences)
      ? ['  The live generation is the same, byte for byte.']
      : ['  The live generation differs from the log:', ...describeDifferences(differences)]),
    ...problems.map((problem) => `    ${problem}`),
    '  Nothing was built, as --dry-run asks.',
  ];
}
