import type { Command } from 'commander';
import { UserFacingError } from '../../config/user-facing-error.js';
import type { ProjectionEngine } from '../../projections/engine.js';
import { liveGeneration } from '../../projections/generations/status.js';
import { countParked, parkedStreams } from '../../projections/quarantine/quarantine.js';
import { retryQuarantine } from '../../projections/quarantine/retry.js';
import { EXIT, UsageError } from '../exit-code.js';
import { howMany } from '../how-many.js';
import { wholeNumber } from '../parse-argument.js';
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
    .option('--limit <streams>', 'how many at most', '100')
    .option('--json', 'print JSON')
    .description('Show which streams are parked, and why, and how many there are.')
    .action((name: string | undefined, options: { limit: string; json?: boolean }) =>
      list(terminal, name, options),
    );
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

async function list(
  terminal: Terminal,
  name: string | undefined,
  options: { limit: string; json?: boolean },
): Promise<void> {
  const chosen = name === undefined ? null : projectionNamed(name);
  const limit = wholeNumber(options.limit, '--limit');
  if (limit === 0) throw new UsageError('--limit must be 1 or more');
  await withProjections(terminal, { as: 'reader', json: options.json }, async ({ engine }) => {
    const parked: Parked[] = [];
    let total = 0;
    for (const projection of chosen === null ? engine.projections : [chosen]) {
      const found = await parkedIn(engine, projection.name, limit - parked.length);
      parked.push(...found.parked);
      total += found.total;
    }
    terminal.answer(options.json, { quarantined: parked, total }, () => [
      ...(total === 0 ? ['Nothing is parked.'] : []),
      ...parked.map(
        ({ projection, stream, position, type, error, since }) =>
          `${projection}  ${stream}  at position ${position} (${type}) since ${since.toISOString()}: ${error}`,
      ),
      ...(total > parked.length
        ? [`These are ${parked.length} of ${howMany(total, 'parked stream')}: ask for more with --limit.`]
        : []),
    ]);
  });
}

/** What the live generation does not follow; what others had parked serves nobody. */
async function parkedIn(
  { statuses, quarantine }: ProjectionEngine,
  projection: string,
  limit: number,
): Promise<{ parked: Parked[]; total: number }> {
  const live = liveGeneration(await statuses.findOne({ _id: projection }));
  if (live === null) return { parked: [], total: 0 };
  const { generation } = live.generation;
  const entries = limit === 0 ? [] : await parkedStreams(quarantine, projection, generation, { limit });
  return {
    parked: entries.map(({ _id: _entry, position, ...entry }) => ({ ...entry, position: Number(position) })),
    total: await countParked(quarantine, projection, generation),
  };
}

async function retry(
  terminal: Terminal,
  name: string,
  { stream, json }: { stream?: string; json?: boolean },
): Promise<void> {
  const projection = projectionNamed(name);
  await withProjections(terminal, { as: 'service', json }, async ({ engine }) => {
    const { taken, stillParked, failures } = await retryQuarantine(engine, projection, stream);
    if (taken + stillParked === 0 && stream !== undefined) {
      throw new UserFacingError(`The stream "${stream}" is not parked in ${name}.`, {
        remedies: [`look at what is: "family-accounts projections quarantine list ${name}"`],
      });
    }
    const ok = stillParked === 0;
    terminal.answer(json, { ok, taken, stillParked, failures }, () => [
      ...(taken + stillParked === 0 ? ['Nothing is parked.'] : []),
      ...(taken > 0 ? [`${howMany(taken, 'stream')} taken, and followed again.`] : []),
      ...failures.map((failure) => `${failure.stream}: stays parked: ${failure.error}`),
      ...(stillParked > failures.length
        ? [`${howMany(stillParked - failures.length, 'more stream')} stay parked.`]
        : []),
    ]);
    terminal.exitWith(ok ? EXIT.ok : EXIT.findings);
  });
}
