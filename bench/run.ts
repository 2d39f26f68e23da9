import { join } from 'node:path';
import { measureAppends } from './append.bench.js';
import { openBenchLog } from './bench-log.js';
import { largeRebuildReport, projectionsReport } from './projections-report.js';
import { measureLargeRebuild, measureProjections } from './projections.bench.js';
import { measureRegistration } from './registration.bench.js';
import { isMet, ratio, toMarkdown, writeBetweenMarkers, writeJson, type Report } from './report.js';

/** Compiled, this file lies in dist-bench/bench/. */
const ROOT = join(import.meta.dirname, '..', '..');
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);

const HALVES = ['append', 'registration', 'projections', 'rebuild-large'] as const;
/** Takes many minutes, and is asked for by name. */
const ON_DEMAND = ['rebuild-large'];

/** `npm run bench [-- <half>]`; only a run of everything replaces the published table. */
const [only] = process.argv.slice(2);
if (only !== undefined && !HALVES.some((half) => half === only)) {
  throw new Error(`There is no "${only}" to measure; there are ${HALVES.join(', ')}`);
}
const isWanted = (half: (typeof HALVES)[number]): boolean =>
  only === undefined ? !ON_DEMAND.includes(half) : only === half;
const bench = await openBenchLog();
const reports: Report[] = [];
const raw: Record<string, unknown> = {};
try {
  if (isWanted('append')) {
    const figures = await measureAppends(bench, ROUNDS);
    raw['append'] = figures;
    reports.push(appendReport(figures));
  }
} finally {
  await bench.close();
}
if (isWanted('registration')) {
  const figures = await measureRegistration(join(ROOT, 'dist', 'main.js'));
  raw['registration'] = figures;
  reports.push(registrationReport(figures));
}
if (isWanted('projections')) {
  const figures = await measureProjections(ROUNDS);
  raw['projections'] = figures;
  reports.push(projectionsReport(figures));
}
if (isWanted('rebuild-large')) {
  const figures = await measureLargeRebuild(Math.min(ROUNDS, 3));
  raw['rebuild-large'] = figures;
  reports.push(largeRebuildReport(figures));
}
const date = new Date();
const markdown = toMarkdown(reports, bench.mongodbVersion, date);
process.stdout.write(`${markdown}\n`);
const stamp = date.toISOString().replaceAll(':', '-');
await writeJson(join(ROOT, 'bench', 'results', `${stamp}.json`), {
  date,
  node: process.version,
  mongodb: bench.mongodbVersion,
  raw,
  reports,
});
if (only === undefined) await writeBetweenMarkers(join(ROOT, 'docs', 'benchmarks.md'), markdown);
if (!reports.every(({ targets }) => targets.every(isMet))) process.exitCode = 1;

function appendReport(figures: Awaited<ReturnType<typeof measureAppends>>): Report {
  return {
    title: 'Appending a registration: event, claim, chain and seal',
    rows: [
      { what: 'one plain `insertOne` per event, 64 callers', values: figures.insertOne, unit: '/s' },
      {
        what: 'a transaction per command, same guarantees, 64 callers',
        values: figures.transactionPerCommand,
        unit: '/s',
      },
      { what: '`EventLog.append`, 64 callers', values: figures.append, unit: '/s' },
      {
        what: '`EventLog.append` with a new family’s key, 64 callers',
        values: figures.appendWithNewKey,
        unit: '/s',
      },
      { what: '`EventLog.append`, 256 callers', values: figures.appendMany, unit: '/s' },
      { what: '`EventLog.append`, one caller, p50', values: figures.aloneP50, unit: 'ms' },
      { what: '`EventLog.append`, one caller, p99', values: figures.aloneP99, unit: 'ms' },
    ],
    targets: [
      {
        what: 'append : plain `insertOne`',
        value: ratio(figures.append, figures.insertOne),
        unit: '×',
        bound: { atLeast: 2.5 },
      },
      {
        what: 'append : transaction per command',
        value: ratio(figures.append, figures.transactionPerCommand),
        unit: '×',
        bound: { atLeast: 30 },
      },
    ],
  };
}

function registrationReport(figures: Awaited<ReturnType<typeof measureRegistration>>): Report {
  return {
    title: 'Registration over HTTP, and the process',
    rows: [
      { what: 'argon2id alone, 32 callers', values: figures.hashesPerSecond, unit: '/s' },
      { what: '`POST /v1/families`, 32 callers', values: figures.registrationsPerSecond, unit: '/s' },
      { what: 'start to ready, folder with 600 families', values: figures.startToReadyMs, unit: 'ms' },
      {
        what: 'resident memory of the idle process, after such a start',
        values: figures.idleRssMb,
        unit: 'MB',
      },
    ],
    targets: [
      {
        what: 'registration : hash alone',
        value: 100 * ratio(figures.registrationsPerSecond, figures.hashesPerSecond),
        unit: ' %',
        bound: { atLeast: 85 },
      },
      {
        what: 'start to ready',
        value: Math.max(...figures.startToReadyMs) / 1_000,
        unit: ' s',
        bound: { below: 5 },
      },
      { what: 'idle process', value: Math.max(...figures.idleRssMb), unit: ' MB', bound: { below: 150 } },
    ],
  };
}
