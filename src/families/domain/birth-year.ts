import { InvalidBirthYear } from './errors.js';

const EARLIEST = 1900;

/** A whole year from 1900 to the present one (UTC). @throws InvalidBirthYear */
export function parseBirthYear(year: number, now: Date): number {
  const latest = now.getUTCFullYear();
  if (!Number.isInteger(year) || year < EARLIEST || year > latest)
    throw new InvalidBirthYear(EARLIEST, latest);
  return year;
}
