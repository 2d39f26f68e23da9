import { InvalidName } from './errors.js';

/** In code points. */
const MAX_NAME = 100;
const MAX_REASON = 500;

/** Controls, line breaks, directional overrides and what stands for no character at all. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u{202A}-\u{202E}\u{2066}-\u{2069}\u{FEFF}]/u;
/** Something that leaves a mark on paper: zero-width and blank characters alone are no name. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * A family's name or a nickname: trimmed, white space folded, NFC; 1 to 100 characters that can be seen.
 * @throws InvalidName
 */
export function parseName(text: string): string {
  return parse(text, MAX_NAME, 'A name');
}

/** A reason somebody gave, in at most 500 characters. @throws InvalidName */
export function parseReason(text: string): string {
  return parse(text, MAX_REASON, 'A reason');
}

function parse(text: string, max: number, what: string): string {
  const name = text.normalize('NFC').replace(/\s+/gu, ' ').trim();
  if (UNPRINTABLE.test(name)) throw new InvalidName(`${what} holds no control or direction characters`);
  if (!VISIBLE.test(name)) throw new InvalidName(`${what} holds at least one visible character`);
  if (Array.from(name).length > max) throw new InvalidName(`${what} has at most ${max} characters`);
  return name;
}
