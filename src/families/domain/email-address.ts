import { domainToASCII } from 'node:url';
import { InvalidEmailAddress } from './errors.js';

/** RFC 5321, sections 4.5.3.1.1 and 4.5.3.1.3 with erratum 1690, in bytes of UTF-8. */
const MAX_LOCAL_BYTES = 64;
const MAX_ADDRESS_BYTES = 254;
/** RFC 1035, section 2.3.4. */
const MAX_DOMAIN = 253;
const MAX_LABEL = 63;

/** An address in the one form that is claimed, and as the person wrote it. */
export interface EmailAddress {
  /** Compared byte by byte. Stored in the event and never computed again. */
  readonly canonical: string;
  /** As typed, without outer white space: mail is sent there. */
  readonly asTyped: string;
}

/**
 * Parses an address and folds it to the one form under which it is claimed. Spellings that reach one mailbox
 * in practice fold to one form; whatever cannot be folded by rule is refused.
 *
 * - outer white space is trimmed; exactly one `@`;
 * - local part: PRECIS UsernameCaseMapped (RFC 8265, section 3.3): width-mapped, case-folded, NFC; then a
 *   dot-atom (RFC 5321, 6531) of ASCII atoms and letters, digits and marks of other scripts. Plus tags are kept;
 * - domain: UTS #46 to lower-case ASCII.
 *
 * @throws InvalidEmailAddress naming the rule; the address itself is never in the message
 */
export function parseEmailAddress(text: string): EmailAddress {
  const asTyped = text.trim();
  if (Buffer.byteLength(asTyped, 'utf8') > 2 * MAX_ADDRESS_BYTES) refuse(tooLong);
  const parts = mapWidth(asTyped).split('@');
  const [local, domain] = parts;
  if (local === undefined || domain === undefined || parts.length !== 2) {
    refuse('An email address has exactly one @');
  }
  const canonical = `${parseLocalPart(local)}@${parseDomain(domain)}`;
  if (Buffer.byteLength(canonical, 'utf8') > MAX_ADDRESS_BYTES) refuse(tooLong);
  return { canonical, asTyped: asTyped.normalize('NFC') };
}

const tooLong = `An email address has at most ${MAX_ADDRESS_BYTES} bytes`;

/** RFC 5322 atext; outside ASCII letters, marks and decimal digits (PRECIS LetterDigits). */
const ATOM = /^(?:[a-z0-9!#$%&'*+/=?^_`{|}~-]|[^\p{ASCII}])+$/u;
const LETTER_DIGITS = /^[\p{L}\p{M}\p{Nd}]$/u;
/** Default_Ignorable_Code_Point: what can hide in a word without being seen. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/u;

function parseLocalPart(text: string): string {
  const local = foldCase(text);
  if (local === '') refuse('An email address has something before the @');
  if (Buffer.byteLength(local, 'utf8') > MAX_LOCAL_BYTES) {
    refuse(`The part before the @ has at most ${MAX_LOCAL_BYTES} bytes`);
  }
  if (local.startsWith('"')) refuse('Quoted local parts are not taken');
  if (local.startsWith('.') || local.endsWith('.') || local.includes('..')) {
    refuse('The part before the @ neither begins nor ends with a dot, and holds no two in a row');
  }
  if (IGNORABLE.test(local)) refuse('The part before the @ holds invisible characters');
  // RFC 8264, section 9.17: what compatibility mapping would change looks like something else.
  if (local.normalize('NFKC') !== local)
    refuse('The part before the @ holds a look-alike of another character');
  for (const atom of local.split('.')) {
    if (!ATOM.test(atom) || !Array.from(atom).every(isLetterDigitOrAscii)) {
      refuse('The part before the @ holds a character that is not taken there');
    }
    if (/^\p{M}/u.test(atom)) refuse('No part of an address begins with a combining mark');
  }
  return local;
}

function isLetterDigitOrAscii(character: string): boolean {
  return character.charCodeAt(0) < 0x80 || LETTER_DIGITS.test(character);
}

/** Full-width and half-width forms to the characters they stand for (RFC 8264, section 5.2.1), only these. */
function mapWidth(text: string): string {
  return text.replace(/[\uFF01-\uFFEF]/gu, (form) => form.normalize('NFKC'));
}

/**
 * Case folding by upper- and then lower-casing: it brings together what simple lower-casing leaves apart
 * (ß and ss, ſ and s, the Kelvin sign and k). Final sigma, which lower-casing makes by position, is put right.
 */
function foldCase(text: string): string {
  const folded = text.normalize('NFC').toUpperCase().toLowerCase().replaceAll('ς', 'σ');
  return folded.normalize('NFC');
}

function parseDomain(text: string): string {
  // `domainToASCII` is a URL host parser: without this it would decode %41 and take IP addresses.
  if (!/^(?:[A-Za-z0-9.-]|[^\p{ASCII}])+$/u.test(text)) {
    refuse('The part after the @ is a domain name: letters, digits, hyphens and dots');
  }
  if (/[\p{Cc}\p{Z}]/u.test(text) || IGNORABLE.test(text)) {
    refuse('The part after the @ holds invisible characters');
  }
  const domain = domainToASCII(text);
  const labels = domain.split('.');
  if (domain === '' || domain.length > MAX_DOMAIN) refuse('The part after the @ is not a domain name');
  if (labels.length < 2) refuse('The part after the @ has at least two labels, such as example.com');
  if (!labels.every(isLabel)) {
    refuse(
      'The part after the @ is not a domain name: a label is empty, too long, or has a hyphen at its end',
    );
  }
  if (/^\d+$/.test(labels.at(-1) ?? ''))
    refuse('The part after the @ is an IP address; a domain name is needed');
  return domain;
}

function isLabel(label: string): boolean {
  return label.length <= MAX_LABEL && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(label);
}

function refuse(rule: string): never {
  throw new InvalidEmailAddress(rule);
}
