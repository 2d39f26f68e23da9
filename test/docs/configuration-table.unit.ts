import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { configurationTable } from '../../src/config/configuration.js';

const README = readFileSync(join(resolve(import.meta.dirname, '../..'), 'README.md'), 'utf8');

/** The rows of the table under a heading, without its head, as cells. */
function rowsUnder(heading: string): string[][] {
  const section = README.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe("README's table of the configuration", () => {
  it('holds every variable with its default and its meaning, in the order of the code', () => {
    const expected = configurationTable.map(({ name, default: value, meaning }) => [
      `\`${name}\``,
      value,
      meaning,
    ]);
    expect(rowsUnder('Configuration')).toEqual(expected);
  });
});
