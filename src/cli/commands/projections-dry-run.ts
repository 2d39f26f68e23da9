import { giveWay } from '../../config/give-way.js';
import { areSame, type Differences } from '../../projections/differences.js';
import type { Projection } from '../../projections/projection.js';
import { verifyProjection, type Verification } from '../../projections/verify/verify.js';
import { describeDifferences } from '../describe-differences.js';
import { howMany } from '../how-many.js';
import { tellProgress } from '../tell-progress.js';
import type { Terminal } from '../terminal.js';
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
    const reporter = terminal.reporter(json);
    const found: DryRun[] = [];
    for (const projection of chosen) {
      const onProgress = tellProgress(reporter, projection.name, { comparing: 'events' });
      found.push(asDryRun(await verifyProjection(engine, projection, onProgress)));
    }
    terminal.endProgress();
    terminal.answer(json, all === true ? { projections: found } : found[0], () => found.flatMap(describe));
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
