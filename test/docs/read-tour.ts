/** Commands of the tour, and what they print: pieces in order, separated by ` … `. */
export interface Step {
  commands: string;
  expected: string;
}

/**
 * The steps of README's tour: everything in its `bash` blocks up to a comment `# → …` is one step.
 * @throws Error where the section, or the expectation after the last command, is missing.
 */
export function readTour(readme: string): Step[] {
  const section = readme.split(/^## /m).find((text) => text.startsWith('A tour'));
  if (section === undefined) throw new Error('README.md has no section "A tour …"');
  const blocks = [...section.matchAll(/^```bash\n(.*?)^```$/gms)].map(([, block]) => block);
  const steps: Step[] = [];
  let commands: string[] = [];
  for (const line of blocks.join('').split('\n')) {
    const expected = /^# → (.*)$/.exec(line)?.[1];
    if (expected === undefined) commands.push(line);
    else {
      steps.push({ commands: commands.join('\n').trim(), expected });
      commands = [];
    }
  }
  const unchecked = commands.join('\n').trim();
  if (unchecked !== '') throw new Error(`The tour does not say what this prints: ${unchecked}`);
  return steps;
}
