import { UserFacingError } from './user-facing-error.js';

/** What is printed when a process or a command fails: no stack trace for what a person can mend. */
export function reportFailure(error: unknown): string {
  if (error instanceof UserFacingError) return `\n${error.describe()}\n`;
  if (!(error instanceof Error)) return `\n${String(error)}\n`;
  return `\nAn unexpected failure; please report it with the lines below.\n${error.stack ?? error.message}\n`;
}
