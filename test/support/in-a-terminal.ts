import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PROGRAM = join(import.meta.dirname, 'in-a-terminal.py');
export const CTRL_C = String.raw`\x03`;

export interface TerminalSession {
  code: number | null;
  /** Number of the signal that killed it; 6 is SIGABRT. */
  signal: number | null;
  printed: string;
}

/**
 * Runs a program in a pseudo-terminal of its own until it ends.
 * @param when a regular expression of Python; once it is printed, `then` is done.
 * @param then `close` closes the terminal, `nothing` lets the program end, anything else is typed.
 */
export async function inATerminal(
  program: readonly string[],
  { when, then, env }: { when: string; then: string; env: NodeJS.ProcessEnv },
): Promise<TerminalSession> {
  const { stdout } = await promisify(execFile)('python3', [PROGRAM, when, then, ...program], { env });
  return JSON.parse(stdout) as TerminalSession;
}
