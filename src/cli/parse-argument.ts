import { UsageError } from './exit-code.js';

/** ISO 8601, a date (then its beginning in UTC) or a time with its zone: without one it would be anybody's guess. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2}))?$/;

/** A whole number, 0 or more. @throws UsageError */
export function wholeNumber(text: string, what: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`${what} must be a whole number, not "${text}"`);
  return Number(text);
}

/** A moment. @throws UsageError */
export function parseTime(text: string, what: string): Date {
  const time = new Date(text);
  if (!ISO_TIME.test(text) || Number.isNaN(time.getTime())) {
    throw new UsageError(
      `${what} must be a date (2026-11-25, which begins in UTC) or a time with its zone ` +
        `(2026-11-25T10:30:00Z), not "${text}"`,
    );
  }
  return time;
}
