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
