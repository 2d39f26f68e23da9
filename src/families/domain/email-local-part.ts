import { satisfiesBidiRule } from './bidi-rule.js';
import { InvalidEmailAddress } from './errors.js';

/** RFC 5321, section 4.5.3.1.1; in bytes of UTF-8. */
const MAX_BYTES = 64;

/** Full-width and half-width forms, but not half-width Hangul: its letters would melt into syllables. */
const WIDTH_FORMS = /[\uFF01-\uFF9F\uFFE0-\uFFE6]/gu;
/** Controls, formats, surrogates, private use, unassigned; and fillers, which are letters and draw nothing. */
const INVISIBLE = /[\p{C}\p{Default_Ignorable_Code_Point}]/u;
/**
 * Case is not settled: by the language for ı and İ (CaseFolding.txt, status T); for the iota subscript, in NFD
 * U+0345, by the order of marks, as it becomes a letter of its own.
 */
const UNSETTLED_CASE = /\u0345|[\u0130\u0131]|i\u0307/u;
/** RFC 5322 atext in small letters, and PRECIS LetterDigits (RFC 8264, section 9.1). No capital is left by then. */
const ATOM = /^[a-z0-9!#$%&'*+/=?^_`{|}~\p{Ll}\p{Lo}\p{Lm}\p{Mn}\p{Mc}\p{Nd}-]+$/u;
/** RFC 5892, section 2.6, "DISALLOWED": kashidas, tone marks and repeat marks. */
const EXCEPTIONS = /[\u302E-\u302F\u0640\u07FA\u3031-\u3035\u303B]/u;
/** RFC 8264, section 9.9, OldHangulJamo, as blocks: what NFC did not make a syllable. */
const JAMO = /[\u1100-\u11FF\uA960-\uA97F\uD7B0-\uD7FF]/u;

/**
 * The part before the `@` in its canonical form: PRECIS UsernameCaseMapped (RFC 8265, section 3.3) in the
 * order of its rules (width, case, NFC, direction), held to the dot-atom of RFC 5321 and RFC 6531. Where it
 * differs from PRECIS it is narrower, except for ASCII atext. Plus tags stay.
 *
 * Case is folded as Unicode folds it for caseless matching (full folding, The Unicode Standard, section
 * 3.13.3), so that ß, ẞ and ss are one, and ς, σ and Σ. Letters that other characters merely look like are
 * refused before that (ſ, ﬁ, ², 𝐚: HasCompat, RFC 8264, section 9.17); ı, İ and
 * the iota subscript as well, whose case is not settled.
 *
 * @throws InvalidEmailAddress
 */
export function canonicalLocalPart(text: string): string {
  if (text === '') refuse('An email address has something before the @');
  if (text.startsWith('"')) refuse('Quoted local parts are not taken');
  const typed = mapWidth(text).normalize('NFC');
  if (/\p{White_Space}/u.test(typed)) refuse('The part before the @ holds no white space');
  if (INVISIBLE.test(typed)) refuse('The part before the @ holds no invisible or unassigned characters');
  if (typed.normalize('NFKC') !== typed)
    refuse('The part before the @ holds no variant of another character');
  if (UNSETTLED_CASE.test(typed) || UNSETTLED_CASE.test(typed.normalize('NFD'))) {
    refuse('The part before the @ holds no dotless small i, dotted capital i or iota subscript');
  }

  const local = foldCase(typed);
  // No such text is known. What did not stand still when it is folded again could not be compared.
  if (foldCase(local) !== local || local.normalize('NFKC') !== local) {
    refuse('The part before the @ holds marks that cannot be told apart from others');
  }
  requireDotAtom(local);
  if (Buffer.byteLength(local, 'utf8') > MAX_BYTES) {
    refuse(`The part before the @ has at most ${MAX_BYTES} bytes`);
  }
  if (!satisfiesBidiRule(local)) {
    refuse(
      'The part before the @ is written in one direction only, and begins and ends with a letter or digit',
    );
  }
  return local;
}

/** RFC 8264, section 5.2.1: only these forms; every other variant is left to be refused. */
function mapWidth(text: string): string {
  return text.replace(WIDTH_FORMS, (form) => form.normalize('NFKC'));
}

/**
 * Full case folding out of what JavaScript has: lower-casing alone leaves ß apart from ss, upper-casing alone
 * leaves ẞ. Lower-casing makes ς by its place in the word, which is put right.
 */
function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
}

function requireDotAtom(local: string): void {
  const atoms = local.split('.');
  if (atoms.includes('')) {
    refuse('The part before the @ neither begins nor ends with a dot, and has no two in a row');
  }
  for (const atom of atoms) {
    if (!ATOM.test(atom) || EXCEPTIONS.test(atom) || JAMO.test(atom)) {
      refuse("The part before the @ holds letters, digits, single dots and !#$%&'*+-/=?^_`{|}~ only");
    }
    if (/^\p{M}/u.test(atom)) refuse('No part of an email address begins with a combining mark');
  }
}

function refuse(rule: string): never {
  throw new InvalidEmailAddress(rule);
}
