import { InvalidName } from './errors.js';
import { foldWhiteSpace } from './white-space.js';

/** In code points. */
const MAX_NAME = 100;
const MAX_REASON = 500;

/** Controls, what stands for no character, and what turns the direction of the text around it (UAX #9). */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\u{202A}-\u{202E}\u{2066}-\u{2069}\u{FEFF}]/u;
/** Drawn as nothing or as a blank, though some of it is letters and symbols: fillers, the empty braille cell. */
const BLANK = /[\p{Default_Ignorable_Code_Point}\u{2800}]/gu;
/** Leaves a mark on paper. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * A family's name or a nickname as it is kept: outer white space trimmed, inner white space (line breaks and
 * tabs included) become single spaces, NFC; 1 to 100 code points of which at least one can be seen. Joiners
 * stay: emoji and some scripts are written with them.
 * @throws InvalidName
 */
export function parseName(text: string): string {
  return parse(text, MAX_NAME, 'A name');
}

/** A reason somebody gave, kept in the same way; at most 500 code points. @throws InvalidName */
export function parseReason(text: string): string {
  return parse(text, MAX_REASON, 'A reason');
}

function parse(text: string, max: number, what: string): string {
  const parsed = foldWhiteSpace(text.normalize('NFC'));
  if (UNPRINTABLE.test(parsed)) {
    throw new InvalidName(`${what} holds no control, direction or unassigned characters`);
  }
  if (!VISIBLE.test(parsed.replace(BLANK, ''))) {
    throw new InvalidName(`${what} holds at least one visible character`);
  }
  if (Array.from(parsed).length > max) throw new InvalidName(`${what} has at most ${max} characters`);
  return parsed;
}
