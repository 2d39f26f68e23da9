import { giveWay } from '../../config/give-way.js';
import { areSame } from '../../projections/differences.js';
import type { Verification } from '../../projections/verify/verify.js';
import { describeDifferences } from '../describe-differences.js';
import { EXIT } from '../exit-code.js';
import type { Terminal } from '../terminal.js';
import { chooseProjections, withProjections } from '../with-projections.js';
import { howMany } from '../how-many.js';
import { describeStop, verifyInTurn } from '../verify-in-turn.js';
import { versionRemedy } from '../version-remedy.js';

/** `projections verify` */
export async function verifyProjections(
  terminal: Terminal,
  name: string | undefined,
  { all, json }: { all?: boolean; json?: boolean },
): Promise<void> {
  const chosen = chooseProjections(name, all);
  giveWay();
  await withProjections(terminal, { as: 'auditor', json }, async ({ engine }) => {
    const { found, stoppedAt } = await verifyInTurn(terminal, engine, chosen, json);
    const stop = describeStop(stoppedAt);
    const ok = stoppedAt === null && found.every((one) => one.ok);
    const value = all === true ? { ok, ...stop.json, projections: found } : { ...stop.json, ...found[0] };
    terminal.answer(json, value, () => [...found.flatMap(describe), ...stop.lines]);
    terminal.exitWith(stoppedAt !== null ? EXIT.interrupted : ok ? EXIT.ok : EXIT.findings);
  });
}

function describe(verification: Verification): string[] {
  const { projection, ok, version, liveVersion, position, expected, found, problems, quarantined } =
    verification;
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
  if (liveVersion !== null && liveVersion !== version) {
    lines.push(`  What to do: ${versionRemedy(projection, liveVersion, version)}.`);
  } else if (!areSame(verification) || problems.length > 0) {
    lines.push(`  Run "family-accounts projections rebuild ${projection}" to put it right.`);
  }
  return lines;
}
