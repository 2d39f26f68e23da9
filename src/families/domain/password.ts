import { InvalidPassword } from './errors.js';

/** In code points, after normalisation (RFC 8265, section 4.2.2). No rules of composition (ASVS 6.2.5). */
const MIN = 8;
const MAX = 128;

/** Controls, and what has no lasting form: surrogates, unassigned and non-characters. */
const UNSTABLE = /[\p{Cc}\p{Cs}\p{Cn}]/u;

declare const parsed: unique symbol;

/** A password in the one form in which it is hashed. Only `parsePassword` makes one. */
export type Password = string & { readonly [parsed]: true };

/**
 * A new password in the one form in which it is hashed, so that every keyboard can type it again: OpaqueString
 * (RFC 8265, section 4.2): other spaces become U+0020, then NFC; nothing is trimmed or case-folded.
 * Invisible formats other than controls stay, as emoji are written with them.
 * @throws InvalidPassword
 */
export function parsePassword(text: string): Password {
  const password = text.replace(/\p{Zs}/gu, ' ').normalize('NFC');
  if (UNSTABLE.test(password)) {
    throw new InvalidPassword('A password holds no control or unassigned characters');
  }
  const { length } = Array.from(password);
  if (length < MIN || length > MAX) {
    throw new InvalidPassword(`A password has ${MIN} to ${MAX} characters`);
  }
  return password as Password;
}

/** A password as somebody claims to have it: in the form that was hashed, or as it came where it can be none. */
export function presentedPassword(text: string): string {
  try {
    return parsePassword(text);
  } catch (error) {
    if (error instanceof InvalidPassword) return text;
    throw error;
  }
}
