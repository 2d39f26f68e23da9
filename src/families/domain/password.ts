import { InvalidPassword } from './errors.js';

/** In characters (code points), after normalisation. No rules of composition (ASVS 6.2.5). */
const MIN = 8;
const MAX = 128;

/**
 * A new password in the one form in which it is hashed, so that every keyboard can type it again: RFC 8265,
 * OpaqueString: other spaces become U+0020, then NFC; controls are refused; nothing is trimmed or folded.
 * @throws InvalidPassword
 */
export function parsePassword(text: string): string {
  const password = text.replace(/\p{Zs}/gu, ' ').normalize('NFC');
  if (/[\p{Cc}\p{Cs}\p{Cn}]/u.test(password)) {
    throw new InvalidPassword('A password holds no control characters');
  }
  const { length } = Array.from(password);
  if (length < MIN || length > MAX) {
    throw new InvalidPassword(`A password has ${MIN} to ${MAX} characters`);
  }
  return password;
}
