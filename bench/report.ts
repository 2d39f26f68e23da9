import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { quantile, spreadOf } from './figures.js';

const COMMAND = 'npm run bench';

/** One line of the table. */
export interface Row {
  what: string;
  values: readonly number[];
  unit: '/s' | 'ms' | 'MB';
}

/** A median compared with a target of its own. */
export interface Target {
  what: string;
  value: number;
  /** Written behind the value: `×`, `%`, ` s`. */
  unit: string;
  bound: { atLeast: number } | { below: number };
}

export interface Report {
  title: string;
  rows: readonly Row[];
  targets: readonly Target[];
}

/** Median of one divided by the median of the other, in the same run. */
export function ratio(values: readonly number[], base: readonly number[]): number {
  return quantile(values, 0.5) / quantile(base, 0.5);
}

/** Tables of a run in Markdown, with the machine and the versions that it ran on. */
export function toMarkdown(reports: readonly Report[], mongodbVersion: string, date: Date): string {
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB`;
  const lines = [
    `\`${COMMAND}\`, ${date.toISOString().slice(0, 10)}: ${machine}, ${process.platform}-${process.arch}, ` +
      `Node ${process.versions.node}, MongoDB ${mongodbVersion}, client and server on the same cores. ` +
      'Medians of the rounds of one run, which take turns; the range is from the lowest to the highest.',
    '',
  ];
  for (const { title, rows, targets } of reports) {
    lines.push(`### ${title}`, '', '| what | median | range |', '| --- | ---: | ---: |');
    for (const { what, values, unit } of rows) {
      const { median, min, max } = spreadOf(values);
      lines.push(`| ${what} | ${format(median)} ${unit} | ${format(min)} – ${format(max)} |`);
    }
    lines.push('', '| figure | measured | target |', '| --- | ---: | ---: |');
    for (const target of targets) {
      const limit = 'atLeast' in target.bound ? `≥ ${target.bound.atLeast}` : `< ${target.bound.below}`;
      const missed = isMet(target) ? '' : ' (missed)';
      lines.push(
        `| ${target.what} | ${format(target.value)}${target.unit}${missed} | ${limit}${target.unit} |`,
      );
    }
    lines.push('');
  }
  return lines.join('\n').trimEnd();
}

export function isMet({ value, bound }: Target): boolean {
  return 'atLeast' in bound ? value >= bound.atLeast : value < bound.below;
}

/** Replaces what stands between the markers `<!-- figures -->` and `<!-- /figures -->`. */
export async function writeBetweenMarkers(file: string, text: string): Promise<void> {
  const [open, close] = ['<!-- figures -->', '<!-- /figures -->'];
  const page = await readFile(file, 'utf8');
  const from = page.indexOf(open);
  const to = page.indexOf(close);
  if (from < 0 || to < from) throw new Error(`${file} lacks the markers ${open} and ${close}`);
  await writeFile(file, `${page.slice(0, from + open.length)}\n\n${text}\n\n${page.slice(to)}`);
}

export async function writeJson(file: string, value: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(value, null, 2)}\n`);
}

function format(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value.toPrecision(value < 10 ? 2 : 3);
}
