/**
 * JavaScript does not know Bidi_Class. These are the blocks whose characters are R or AL unless said otherwise
 * (DerivedBidiClass.txt, "@missing"); the letters and digits in them are, but for the digits named below.
 */
const RIGHT_TO_LEFT_BLOCKS =
  '\\u0590-\\u08FF\\uFB1D-\\uFDFF\\uFE70-\\uFEFF\\u{10800}-\\u{10FFF}\\u{1E800}-\\u{1EFFF}';
const ARABIC_DIGIT = '[\\u0660-\\u0669\\u{10D30}-\\u{10D39}]';
const EUROPEAN_DIGIT = '[0-9\\u06F0-\\u06F9]';
const RIGHT_TO_LEFT = `(?:(?!${ARABIC_DIGIT}|${EUROPEAN_DIGIT})(?=[${RIGHT_TO_LEFT_BLOCKS}])[\\p{L}\\p{Nd}])`;
const DIGIT = `(?:${ARABIC_DIGIT}|${EUROPEAN_DIGIT})`;
/** What has no direction of its own among the characters a local part may hold. */
const NEUTRAL = "[.!#$%&'*+/=?^_`{|}~\\-]";
const MARK = '\\p{Mn}';

const HAS_RIGHT_TO_LEFT = new RegExp(`${RIGHT_TO_LEFT}|${ARABIC_DIGIT}`, 'u');
const CONDITIONS_1_TO_3 = new RegExp(
  `^${RIGHT_TO_LEFT}(?:(?:${RIGHT_TO_LEFT}|${DIGIT}|${NEUTRAL}|${MARK})*(?:${RIGHT_TO_LEFT}|${DIGIT}))?${MARK}*$`,
  'u',
);
const HAS_ARABIC_DIGIT = new RegExp(ARABIC_DIGIT, 'u');
const HAS_EUROPEAN_DIGIT = new RegExp(EUROPEAN_DIGIT, 'u');

/**
 * Whether a text satisfies the Bidi Rule (RFC 5893, section 2), which PRECIS asks of every text that holds
 * right-to-left characters (RFC 8264, section 5.2.5): it runs in one direction, begins with a letter of it and
 * ends with a letter or digit, and does not mix Arabic-Indic with European digits. A text that is drawn in
 * another order than it is stored would read like an address that it is not.
 */
export function satisfiesBidiRule(text: string): boolean {
  if (!HAS_RIGHT_TO_LEFT.test(text)) return true;
  return CONDITIONS_1_TO_3.test(text) && !(HAS_ARABIC_DIGIT.test(text) && HAS_EUROPEAN_DIGIT.test(text));
}
