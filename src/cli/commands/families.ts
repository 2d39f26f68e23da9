import type { Command } from 'commander';
import { UserFacingError } from '../../config/user-facing-error.js';
import { parseEmailAddress } from '../../families/domain/email-address.js';
import { isRegistered } from '../../families/domain/state.js';
import { loadFamily } from '../../families/load-family.js';
import { UsageError } from '../exit-code.js';
import type { Terminal } from '../terminal.js';
import { openFamilyKeys, withLog, type OpenLog } from '../with-log.js';

/** `families show` */
export function addFamiliesCommands(program: Command, terminal: Terminal): void {
  const families = program.command('families').description('Look families up.');
  families
    .command('show')
    .argument('<id|email>', "the family's id, or the email address of a member who can sign in")
    .option('--json', 'print JSON')
    .description('Show a family as its stream tells it. Personal data is shown in the clear.')
    .action((wanted: string, { json }: { json?: boolean }) => show(terminal, wanted, json));
}

async function show(terminal: Terminal, wanted: string, json?: boolean): Promise<void> {
  await withLog(terminal, { as: 'auditor', json }, async (open) => {
    const keys = await openFamilyKeys(open);
    const id = wanted.includes('@') ? await familyWithEmail(open, wanted) : wanted;
    const { state, version, position } = await loadFamily(open.log, keys, id);
    if (!isRegistered(state)) throw noSuchFamily(wanted);
    const { emailAsTyped: email, name, locale, status, members, createdAt } = state;
    const family = { id, email, name, locale, status, createdAt, version, position, members };
    terminal.answer(json, family, () => [
      `${name} (${status})`,
      `  id          ${id}`,
      `  email       ${email}`,
      `  locale      ${locale}`,
      `  registered  ${createdAt.toISOString()}`,
      `  version     ${version}, position ${position} in the log`,
      '  members',
      ...members.map(
        ({ id: member, role, nickname, birthYear }) =>
          `    ${role.padEnd(6)}  ${nickname ?? '(no nickname)'}${birthYear === null ? '' : `, ${birthYear}`}  ${member}`,
      ),
    ]);
  });
}

async function familyWithEmail({ log }: OpenLog, text: string): Promise<string> {
  let canonical: string;
  try {
    ({ canonical } = parseEmailAddress(text));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const claim = await log.findClaim(canonical);
  if (claim === 'unknown') {
    throw new UserFacingError('The claims were wiped, so that no address can be looked up.', {
      remedies: ['run "family-accounts claims rebuild"', 'or look the family up by its id'],
    });
  }
  if (claim === null) throw noSuchFamily(text);
  return claim.family;
}

function noSuchFamily(wanted: string): UserFacingError {
  return new UserFacingError(`There is no family "${wanted}".`, {
    remedies: ['look at the id again (a UUID), or use the email address the family signs in with'],
  });
}
