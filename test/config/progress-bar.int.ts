import { join } from 'node:path';
import { inATerminal } from '../support/in-a-terminal.js';

const PROGRAM = join(import.meta.dirname, '..', 'support', 'report-progress.mjs');
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

it('shows work under way as one bar in a terminal, and gives line and cursor back to what comes after', async () => {
  const { code, printed } = await inATerminal([process.execPath, PROGRAM], {
    when: 'never printed',
    then: 'nothing',
    env: { PATH: process.env.PATH, TERM: 'xterm' },
  });
  expect(code).toBe(0);
  expect(printed).toContain(HIDE_CURSOR);
  expect(printed.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(printed.lastIndexOf(HIDE_CURSOR));
  const lines = printed.replace(/\u001b(\[[0-9;?]*[A-Za-z]|[78])/g, '').split('\r\n');
  expect(lines).toEqual([
    expect.stringMatching(/Downloading \[=+-+\] 25% · 10\.0\/40\.0 MB$/),
    'One finished step',
    expect.stringMatching(/Downloading \[=+\] 100% · 40\.0\/40\.0 MB$/),
    'and then',
    '',
  ]);
});
