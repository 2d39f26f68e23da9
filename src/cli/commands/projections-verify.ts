import { giveWay } from '../../config/give-way.js';
import { areSame } from '../../projections/differences.js';
import { verifyProjection, type Verification } from '../../projections/verify/verify.js';
import { describeDifferences } from '../describe-differences.js';
import { EXIT } from '../exit-code.js';
import { tellProgress } from '../tell-progress.js';
import type { Terminal } from '../terminal.js';
import { chooseProjections, withProjections } from '../with-projections.js';
import { howMany } from '../how-many.js';

/** `projections verify` */
export async function verifyProjections(
  terminal: Terminal,
  name: string | undefined,
  { all, json }: { all?: boolean; json?: boolean },
): Promise<void> {
  const chosen = chooseProjections(name, all);
  giveWay();
  await withProjections(terminal, { as: 'auditor', json }, async ({ engine }) => {
    const reporter = terminal.reporter(json);
    const found: Verification[] = [];
    for (const projection of chosen) {
      const onProgress = tellProgress(reporter, projection.name, { comparing: 'events' });
      found.push(await verifyProjection(engine, projection, onProgress));
    }
    const ok = found.every((one) => one.ok);
    terminal.answer(json, all === true ? { ok, projections: found } : found[0], () =>
      found.flatMap(describe),
    );
    terminal.exitWith(ok ? EXIT.ok : EXIT.findings);
  });
}

function describe(verification: Verification): string[] {
  const { projection, ok, position, expected, found, problems, quarantined } = verification;
  if (ok)
    return [
      `${projection}: ${howMany(expected, 'document')}, all as the log says (position ${position ?? 0}).`,
    ];
  const lines = [
    `${projection} is not as the log says${position === null ? '' : ` (position ${position})`}:`,
  ];
  if (!areSame(verification)) {
    lines.push(`    expected   ${expected}`, `    found      ${found}`, ...describeDifferences(verification));
  }
  lines.push(...problems.map((problem) => `    ${problem}`));
  if (quarantined > 0) {
    lines.push(
      `    ${howMany(quarantined, 'parked stream')}: "family-accounts projections quarantine list ${projection}"`,
    );
  }
  if (!areSame(verification) || problems.length > 0) {
    lines.push(`  Run "family-accounts projections rebuild ${projection}" to put it right.`);
  }
  return lines;
}
