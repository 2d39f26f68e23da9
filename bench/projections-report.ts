import { quantile } from './figures.js';
import type { ProjectionFigures } from './projections.bench.js';
import type { RebuildFigures } from './rebuild.bench.js';
import { ratio, type Report, type Row, type Target } from './report.js';

const P99 = 0.99;

/** Rebuilding, reading through a switch, and following the log. */
export function projectionsReport({ rebuild, reads, lag, ownReads }: ProjectionFigures): Report {
  const idleP99 = quantile(reads.idle, P99);
  return {
    title: 'Read models: rebuilding, switching, following',
    rows: [
      ...rebuildRows(rebuild),
      { what: 'a read, nothing else going on', values: reads.idle, unit: 'ms' },
      { what: 'a read during a rebuild', values: reads.duringRebuild, unit: 'ms' },
      { what: 'that rebuild, beside the service that follows', values: reads.rebuildPerSecond, unit: '/s' },
      { what: 'lag at 1,000 appends/s', values: lag.latencies, unit: 'ms' },
      { what: 'own read after write at 200 writes/s', values: ownReads.latencies, unit: 'ms' },
    ],
    targets: [
      ...rebuildTargets(rebuild),
      { what: 'failed reads during rebuilds', value: reads.failed, unit: '', bound: { below: 1 } },
      {
        what: 'a read’s p99, rebuild : idle',
        value: quantile(reads.duringRebuild, P99) / idleP99,
        unit: '×',
        bound: { below: 3 },
      },
      {
        what: `lag, p99, at ${Math.round(lag.appendsPerSecond)} appends/s`,
        value: quantile(lag.latencies, P99),
        unit: ' ms',
        bound: { below: 250 },
      },
      {
        what: 'own read after write, p99',
        value: quantile(ownReads.latencies, P99),
        unit: ' ms',
        bound: { below: 100 },
      },
    ],
  };
}

/** The large rebuild alone: speed and memory. */
export function largeRebuildReport(figures: RebuildFigures): Report {
  return {
    title: 'A large rebuild',
    rows: rebuildRows(figures),
    targets: [
      ...rebuildTargets(figures),
      {
        what: 'resident memory of the process that rebuilds',
        value: Math.max(...figures.peakRssMb),
        unit: ' MB',
        bound: { below: 400 },
      },
    ],
  };
}

function rebuildRows(figures: RebuildFigures): Row[] {
  const log = `${figures.families.toLocaleString('en')} families × ${figures.eventsEach} events`;
  return [
    {
      what: `floor: read decoded, \`insertMany\`; ${log}`,
      values: figures.floorPerSecond,
      unit: '/s',
    },
    {
      what: `rebuild of \`families\`, compared and certified; ${log}`,
      values: figures.rebuildPerSecond,
      unit: '/s',
    },
    { what: 'resident memory of the process that rebuilds', values: figures.peakRssMb, unit: 'MB' },
  ];
}

function rebuildTargets({ rebuildPerSecond, floorPerSecond }: RebuildFigures): Target[] {
  return [
    {
      what: 'rebuild : floor',
      value: 100 * ratio(rebuildPerSecond, floorPerSecond),
      unit: ' %',
      bound: { atLeast: 70 },
    },
  ];
}
