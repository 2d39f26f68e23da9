import { Option, type Command } from 'commander';
import type { Terminal } from '../terminal.js';
import { showHistory } from './families-history.js';
import { listFamilies, type ListOptions } from './families-list.js';
import { showFamily, type ShowOptions } from './families-show.js';

const ID_OR_EMAIL = "the family's id, or the email address of a member who can sign in";

/** `families list`, `families show`, `families history` */
export function addFamiliesCommands(program: Command, terminal: Terminal): void {
  const families = program.command('families').description('Look families up.');
  families
    .command('list')
    .option('--email <address>', 'the one with this address, in any spelling')
    .option('--name <text>', 'whose name has this in it, whatever the case and the marks')
    .addOption(new Option('--status <status>', 'only these').choices(['open', 'closed']))
    .option('--since <time>', 'registered at or after this date or time (ISO 8601)')
    .option('--limit <families>', 'how many at most', '50')
    .option('--json', 'print JSON')
    .description('List families, the last registered first. Personal data is shown in the clear.')
    .action((options: ListOptions) => listFamilies(terminal, options));
  families
    .command('show')
    .argument('<id|email>', ID_OR_EMAIL)
    .option('--as-of <time|position>', 'as it was then: a time (ISO 8601), or a place in the log')
    .option('--json', 'print JSON')
    .description('Show a family as its stream tells it. Personal data is shown in the clear.')
    .action((wanted: string, options: ShowOptions) => showFamily(terminal, wanted, options));
  families
    .command('history')
    .argument('<id|email>', ID_OR_EMAIL)
    .option('--json', 'print JSON')
    .description('Tell everything that happened in a family. Personal data is shown in the clear.')
    .action((wanted: string, { json }: { json?: boolean }) => showHistory(terminal, wanted, json));
}
