import type { Command } from 'commander';
import { UserFacingError } from '../../config/user-facing-error.js';
import type { ProjectionEngine } from '../../projections/engine.js';
import { liveGeneration } from '../../projections/generations/status.js';
import { retryQuarantine } from '../../projections/quarantine/retry.js';
import { EXIT } from '../exit-code.js';
import type { Terminal } from '../terminal.js';
import { projectionNamed, withProjections } from '../with-projections.js';

/** `projections quarantine list`, `projections quarantine retry` */
export function addQuarantineCommands(projections: Command, terminal: Terminal): void {
  const quarantine = projections
    .command('quarantine')
    .description('Streams with an event that a projection cannot take: it goes on without them.');
  quarantine
    .command('list')
    .argument('[name]', 'the projection; all of them where none is named')
    .option('--json', 'print JSON')
    .description('Show which streams are parked, and why.')
    .action((name: string | undefined, { json }: { json?: boolean }) => list(terminal, name, json));
  quarantine
    .command('retry')
    .argument('<name>', 'the projection')
    .option('--stream <stream>', 'this one alone')
    .option('--json', 'print JSON')
    .description(
      'Take parked streams again from their beginning, after a fix. Exit code 1 where one stays parked.',
    )
    .action((name: string, options: { stream?: string; json?: boolean }) => retry(terminal, name, options));
}

/** A parked stream, for people and scripts. */
interface Parked {
  projection: string;
  generation: number;
  stream: string;
  position: number;
  type: string;
  error: string;
  since: Date;
}

async function list(terminal: Terminal, name: string | undefined, json?: boolean): Promise<void> {
  const chosen = name === undefined ? null : projectionNamed(name);
  await withProjections(terminal, { as: 'reader', json }, async ({ engine }) => {
    const parked: Parked[] = [];
    for (const projection of chosen === null ? engine.projections : [chosen]) {
      parked.push(...(await parkedIn(engine, projection.name)));
    }
    terminal.answer(json, { quarantined: parked }, () => [
      ...(parked.length === 0 ? ['Nothing is parked.'] : []),
      ...parked.map(
        ({ projection, stream, position, type, error, since }) =>
          `${projection}  ${stream}  at position ${position} (${type}) since ${since.toISOString()}: ${error}`,
      ),
    ]);
  });
}

/** What the live generation does not follow; what others had parked serves nobody. */
async function parkedIn({ statuses, quarantine }: ProjectionEngine, projection: string): Promise<Parked[]> {
  const live = liveGeneration(await statuses.findOne({ _id: projection }));
  if (live === null) return [];
  const { generation } = live.generation;
  const entries = await quarantine.find({ projection, generation }).sort({ position: 1 }).toArray();
  return entries.map(({ _id: _entry, position, ...entry }) => ({ ...entry, position: Number(position) }));
}

async function retry(
  terminal: Terminal,
  name: string,
  { stream, json }: { stream?: string; json?: boolean },
): Promise<void> {
  const projection = projectionNamed(name);
  await withProjections(terminal, { as: 'service', json }, async ({ engine }) => {
    const outcomes = await retryQuarantine(engine, projection, stream);
    if (outcomes.length === 0 && stream !== undefined) {
      throw new UserFacingError(`The stream "${stream}" is not parked in ${name}.`, {
        remedies: [`look at what is: "family-accounts projections quarantine list ${name}"`],
      });
    }
    const ok = outcomes.every(({ driven }) => driven);
    terminal.answer(json, { ok, streams: outcomes }, () => [
      ...(outcomes.length === 0 ? ['Nothing is parked.'] : []),
      ...outcomes.map((outcome) =>
        outcome.driven
          ? `${outcome.stream}: taken, and followed again.`
          : `${outcome.stream}: stays parked: ${outcome.error}`,
      ),
    ]);
    terminal.exitWith(ok ? EXIT.ok : EXIT.findings);
  });
}
