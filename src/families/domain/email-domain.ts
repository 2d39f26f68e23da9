import { domainToASCII } from 'node:url';
import { InvalidEmailAddress } from './errors.js';

/** RFC 1035, section 2.3.4, without the length bytes of the wire form. */
const MAX_LENGTH = 253;
const MAX_LABEL = 63;

/** Letters, digits, hyphens and dots; outside ASCII UTS #46 decides. */
const DOMAIN = /^(?:[A-Za-z0-9.-]|[^\p{ASCII}])+$/u;
/** UTS #46 drops some of these and looks at the rest; a joiner may be part of a word (RFC 5892, appendix A). */
const INVISIBLE = /(?![\u200C\u200D])[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;
/** What UTS #46 takes for a dot. */
const DOTS = /[.\u3002\uFF0E\uFF61]/u;
const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

/**
 * The part after the `@` in its canonical form: lower-case ASCII by UTS #46, non-transitional (so straße.de and
 * strasse.de stay the two domains that they are), of at least two labels. Whether it exists is not asked.
 * @throws InvalidEmailAddress
 */
export function canonicalDomain(text: string): string {
  if (text === '') refuse('An email address has a domain name after the @');
  // `domainToASCII` is a URL's host parser: it would decode %41, cut off a port and drop tabs and soft hyphens.
  if (!DOMAIN.test(text)) refuse('The part after the @ holds letters, digits, hyphens and dots only');
  if (INVISIBLE.test(text)) refuse('The part after the @ holds no invisible or unassigned characters');
  const domain = domainToASCII(lowerCased(text));
  if (domain === '') refuse('The part after the @ is not a domain name');
  if (domain.endsWith('.')) refuse('The part after the @ does not end with a dot');
  if (domain.length > MAX_LENGTH) refuse(`The part after the @ has at most ${MAX_LENGTH} bytes`);

  const labels = domain.split('.');
  if (labels.length < 2) refuse('The part after the @ has at least two labels, such as example.com');
  for (const label of labels) {
    if (!LABEL.test(label) || label.length > MAX_LABEL) {
      refuse(`A label of a domain has 1 to ${MAX_LABEL} letters, digits and, inside, hyphens`);
    }
  }
  // The host parser takes numbers for an IPv4 address and writes them out: no domain ends like that (RFC 3696, section 2).
  if (/^\d+$/.test(labels.at(-1) ?? '')) refuse('The part after the @ is a domain name, not an IP address');
  return domain;
}

/**
 * UTS #46 reads the capital ẞ as ss, and every capital sigma as the one within a word: first lower-cased, capitals are
 * the domain that the same letters are when they are small. Label by label, because only the end of one is the
 * end of a word to the rule of the final sigma.
 */
function lowerCased(text: string): string {
  return text
    .split(DOTS)
    .map((label) => label.toLowerCase())
    .join('.');
}

function refuse(rule: string): never {
  throw new InvalidEmailAddress(rule);
}
