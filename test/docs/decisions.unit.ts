import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const FOLDER = resolve(import.meta.dirname, '../../docs/decisions');

describe('decision records', () => {
  it.each(readdirSync(FOLDER))('say in %s why, what and what follows, under their number', (name) => {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    expect(text).toMatch(new RegExp(`^# ${Number(name.slice(0, 4))}\\. \\S`));
    const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(['Context', 'Decision', 'Consequences']);
    for (const section of text.split(/^## .*$/m).slice(1)) expect(section.trim()).not.toBe('');
  });

  it('have a number each', () => {
    const numbers = readdirSync(FOLDER).map((name) => name.slice(0, 4));
    expect(numbers).toEqual([...new Set(numbers)]);
  });
});
