import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const FOLDER = resolve(import.meta.dirname, '../../docs/decisions');
const RECORDS = readdirSync(FOLDER);
/** A record says why, what, and what it costs; a heading with a line below it says nothing. */
const LEAST_WORDS = 10;

/** The sections of a record by their headings, as numbers of words. */
function sectionsOf(text: string): [heading: string, words: number][] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [heading = '', ...lines] = section.split('\n');
      return [heading.trim(), lines.join(' ').split(/\s+/).filter(Boolean).length];
    });
}

describe('a decision record', () => {
  it.each(RECORDS)('has a title of its number, context, decision and consequences: %s', (name) => {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    const number = /^(\d{4})(?:-[a-z0-9]+)+\.md$/.exec(name)?.[1];
    expect(text.startsWith(`# ${Number(number)}. `)).toBe(true);
    const sections = sectionsOf(text);
    expect(sections.map(([heading]) => heading)).toEqual(['Context', 'Decision', 'Consequences']);
    expect(sections.filter(([, words]) => words < LEAST_WORDS)).toEqual([]);
  });

  it('has a number that no other has', () => {
    const numbers = RECORDS.map((name) => name.slice(0, 4));
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
