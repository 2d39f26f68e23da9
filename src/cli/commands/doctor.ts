import type { Command } from 'commander';
import { examine } from '../examine-installation.js';
import { EXIT } from '../exit-code.js';
import type { Terminal } from '../terminal.js';

const MARKS = { ok: '  ok   ', warning: '  warn ', problem: '  FAIL ' } as const;

/** `doctor` */
export function addDoctorCommand(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .option('--json', 'print JSON')
    .description('Say what is wrong with this installation and how to mend it. Changes nothing.')
    .action(async ({ json }: { json?: boolean }) => {
      const checks = await examine(terminal, json);
      const problems = checks.filter(({ state }) => state === 'problem').length;
      const warnings = checks.filter(({ state }) => state === 'warning').length;
      terminal.answer(json, { ok: problems === 0, problems, warnings, checks }, () => [
        ...checks.flatMap(({ state, what, remedy }) => [
          `${MARKS[state]}${what}`,
          ...(remedy === undefined ? [] : [`         → ${remedy}`]),
        ]),
        '',
        problems + warnings === 0 ? 'Nothing is wrong.' : `${problems} problems, ${warnings} warnings.`,
      ]);
      terminal.exitWith(problems === 0 ? EXIT.ok : EXIT.findings);
    });
}
