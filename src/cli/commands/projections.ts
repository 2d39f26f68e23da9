import type { Command } from 'commander';
import type { Terminal } from '../terminal.js';
import { listProjections } from './projections-list.js';
import { addQuarantineCommands } from './projections-quarantine.js';
import { rebuildProjections, type RebuildCommandOptions } from './projections-rebuild.js';
import { rollBackProjection } from './projections-rollback.js';
import { verifyProjections } from './projections-verify.js';

/** `projections list`, `rebuild`, `rollback`, `verify`, `quarantine …` */
export function addProjectionsCommands(program: Command, terminal: Terminal): void {
  const projections = program
    .command('projections')
    .description('Current state as the log tells it: look at it, prove it, make it again.');
  projections
    .command('list')
    .option('--json', 'print JSON')
    .description(
      'Show what is live of each projection, how far behind the log it is, and what is being built.',
    )
    .action(({ json }: { json?: boolean }) => listProjections(terminal, json));
  projections
    .command('rebuild')
    .argument('[name]', 'the projection')
    .option('--all', 'every projection, one after the other')
    .option('--only-if-same', 'switch only where the new generation is the live one byte for byte')
    .option('--dry-run', 'build nothing: replay the log and tell how the live generation differs')
    .option('--json', 'print JSON')
    .description(
      'Build a new generation from the log beside the live one, prove it complete, tell how the two differ, and ' +
        'switch to it. The service goes on meanwhile. Undone by "projections rollback"; the generation kept from an ' +
        'earlier rebuild goes, also with --only-if-same. Ctrl-C ends it; the next call goes on. Exit code 1 also ' +
        'where it was switched to and streams were parked: "projections quarantine list".',
    )
    .action((name: string | undefined, options: RebuildCommandOptions) =>
      rebuildProjections(terminal, name, options),
    );
  projections
    .command('rollback')
    .argument('<name>', 'the projection')
    .option('--json', 'print JSON')
    .description(
      'Go back to the generation that was live before, caught up with the log and proved complete first. ' +
        'Doing it again goes forward again. Ctrl-C ends it and changes nothing.',
    )
    .action((name: string, { json }: { json?: boolean }) => rollBackProjection(terminal, name, json));
  projections
    .command('verify')
    .argument('[name]', 'the projection')
    .option('--all', 'every projection, one after the other')
    .option('--json', 'print JSON')
    .description(
      'Compare the live documents and parked streams with the log, byte for byte. Cannot change anything. Exit code 1 ' +
        'where they differ, or where streams are parked.',
    )
    .action((name: string | undefined, options: { all?: boolean; json?: boolean }) =>
      verifyProjections(terminal, name, options),
    );
  addQuarantineCommands(projections, terminal);
}
