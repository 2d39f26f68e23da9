import type { Finding } from '../database/finding.js';

/** One thing that `doctor` looked at. */
export interface Check {
  state: 'ok' | 'warning' | 'problem';
  what: string;
  remedy?: string;
}

/** A finding of the database's own inspections. */
export function toCheck(state: Check['state'], { problem: what, remedy }: Finding): Check {
  return { state, what, remedy };
}

/** Several ways out in one line; written for a list, some of them begin with an "or" of their own. */
export function eitherOf(remedies: readonly string[]): string {
  return remedies.map((remedy) => remedy.replace(/^or /, '')).join('; or ');
}
