import type { Command } from 'commander';
import { UserFacingError } from '../../config/user-facing-error.js';
import { inspectStructure } from '../../database/inspect-structure.js';
import { remakeCollections } from '../../database/remake-collections.js';
import { rebuildClaims } from '../../families/claims/rebuild-claims.js';
import type { UnreadableReport } from '../../families/claims/unreadable-claims.js';
import { verifyClaims, type ClaimsReport } from '../../families/claims/verify-claims.js';
import { EXIT } from '../exit-code.js';
import type { Terminal } from '../terminal.js';
import { openFamilyKeys, withLog, type OpenLog } from '../with-log.js';

interface Options {
  json?: boolean;
}

/** `claims verify`, `claims rebuild` */
export function addClaimsCommands(program: Command, terminal: Terminal): void {
  const claims = program.command('claims').description('Which family holds which email address.');
  claims
    .command('verify')
    .option('--json', 'print JSON')
    .description('Compare every claim with the log. Cannot change anything. Exit code 1 where they differ.')
    .action((options: Options) => verify(terminal, options));
  claims
    .command('rebuild')
    .option('--json', 'print JSON')
    .description(
      'Put the claims back as the log says. Registrations answer 503 until it is done; sign-ins go on. ' +
        'Safe to repeat, and to run while nothing is wrong.',
    )
    .action((options: Options) => rebuild(terminal, options));
}

async function verify(terminal: Terminal, { json }: Options): Promise<void> {
  await withLog(terminal, { as: 'auditor', json }, async (open) => {
    const keys = await openFamilyKeys(open);
    const reporter = terminal.reporter(json);
    const report = await verifyClaims(open.collections, keys, {
      onProgress: (done, total) => reporter.progress('Reading the log', done, total, 'events'),
    });
    terminal.answer(json, report, () => [
      report.ok
        ? `Claims: ${report.expected}, all as the log says (position ${report.position}).`
        : `The claims differ from the log (position ${report.position}):`,
      ...(report.ok
        ? []
        : [
            `  expected    ${report.expected}`,
            `  stored      ${report.stored}, sentinel ${sentinelOf(report)}`,
            `  missing     ${report.missing}`,
            `  extra       ${report.extra}`,
            `  different   ${report.different}`,
            `  contested   ${report.contested.length}`,
            `  unreadable  ${report.unreadable.events}`,
            ...report.samples.map((sample) => `  e.g. ${JSON.stringify(sample)}`),
            ...(report.unreadable.events === 0
              ? ['Run "family-accounts claims rebuild" to put them back.']
              : aboutUnreadable(report.unreadable)),
          ]),
    ]);
    terminal.exitWith(report.ok ? EXIT.ok : EXIT.findings);
  });
}

async function rebuild(terminal: Terminal, { json }: Options): Promise<void> {
  await withLog(terminal, { as: 'service', json }, async (open) => {
    const reporter = terminal.reporter(json);
    await remakeCollections(open.client, open.database.name, ['email_claims'], reporter);
    await requireSoundCollections(open);
    const keys = await openFamilyKeys(open);
    const done = await rebuildClaims(open.collections, keys, {
      onProgress: (read, total) => reporter.progress('Reading the log', read, total, 'events'),
    });
    terminal.answer(json, done, () => [
      `Claims: ${done.claims}, ${done.open ? 'all' : 'as far as it can be read,'} as the log says (position ${done.position}): ` +
        `${done.restored} restored, ${done.removed} removed, ${done.corrected} corrected.`,
      ...done.contested.map(
        ({ kept, refused }) =>
          `Contested: family ${kept.family} (position ${kept.position}) keeps an address that ` +
          `family ${refused.family} claims too (position ${refused.position}); the latter has to choose another.`,
      ),
      ...(done.unreadable.events === 0 ? [] : aboutUnreadable(done.unreadable)),
    ]);
    const isInOrder = done.contested.length === 0 && done.unreadable.events === 0;
    terminal.exitWith(isInOrder ? EXIT.ok : EXIT.findings);
  });
}

function sentinelOf({ sentinel, closedSince }: ClaimsReport): string {
  if (sentinel === null) return 'missing';
  return closedSince === null ? String(sentinel) : `closed since ${closedSince.toISOString()}`;
}

/** What is known of claims that nobody can read, and what to do. */
function aboutUnreadable({ events, kept, unaccounted, samples }: UnreadableReport): string[] {
  return [
    `${events} events that claim an address cannot be read, because the keys of their families are missing ` +
      `(at position ${samples.join(', ')}${samples.length < events ? ', …' : ''}).`,
    `  kept        ${kept} claims of theirs that are stored`,
    `  not stored  ${unaccounted}${unaccounted === 0 ? '' : ': until they are back, a rebuild leaves registration closed (503)'}`,
    'Restore family_keys from a backup, then run "family-accounts claims rebuild" again.',
  ];
}

/** What the service may not mend itself, such as another validator, is mended before claims are put back. */
async function requireSoundCollections({ client, database: { name } }: OpenLog): Promise<void> {
  const { findings } = await inspectStructure(client, name);
  if (findings.length === 0) return;
  throw new UserFacingError(
    `No claims are put back into the database ${name} as it is: ${findings.map(({ problem }) => problem).join('; ')}.`,
    { remedies: [...new Set(findings.map(({ remedy }) => remedy))] },
  );
}
