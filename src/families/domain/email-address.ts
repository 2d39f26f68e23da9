import { canonicalDomain } from './email-domain.js';
import { canonicalLocalPart } from './email-local-part.js';
import { InvalidEmailAddress } from './errors.js';
import { trimWhiteSpace } from './white-space.js';

/** RFC 5321, section 4.5.3.1.3, with erratum 1690; in bytes of UTF-8. */
const MAX_BYTES = 254;

/** Before folding: a full-width letter takes three times the bytes of the letter it stands for. */
const MAX_TYPED_BYTES = 3 * MAX_BYTES;

/** The @, and what is only drawn like it. */
const AT_SIGNS = /[@\uFF20\uFE6B]/gu;

/** An address in the one form in which it is claimed, and as the person wrote it. */
export interface EmailAddress {
  /** Compared byte by byte. Stored in the event and never computed again. */
  readonly canonical: string;
  /** As typed, without outer white space: mail is sent there. */
  readonly asTyped: string;
}

/**
 * Parses an address and folds it to the one form in which it is claimed. Spellings that reach one mailbox in
 * practice fold to one form; whatever cannot be folded by a rule is refused.
 *
 * - outer white space (Unicode) is trimmed; then there is exactly one `@`, U+0040;
 * - the local part is folded by email-local-part.ts (PRECIS, RFC 8265), the domain by email-domain.ts (UTS #46);
 * - the whole has at most 254 bytes of UTF-8.
 *
 * The canonical form parses to itself. It stands for its spellings only when they are compared: mail goes to
 * the address that was stored as typed, never to another spelling of it that somebody types later.
 *
 * @throws InvalidEmailAddress with the rule that was broken; the address itself is never in it
 */
export function parseEmailAddress(text: string): EmailAddress {
  const asTyped = trimWhiteSpace(text);
  if (Buffer.byteLength(asTyped, 'utf8') > MAX_TYPED_BYTES) refuseAsTooLong();
  const at = asTyped.indexOf('@');
  if (at === -1 || asTyped.match(AT_SIGNS)?.length !== 1) {
    throw new InvalidEmailAddress('An email address has exactly one @, in its ordinary form');
  }
  const canonical = `${canonicalLocalPart(asTyped.slice(0, at))}@${canonicalDomain(asTyped.slice(at + 1))}`;
  if (Buffer.byteLength(canonical, 'utf8') > MAX_BYTES) refuseAsTooLong();
  return { canonical, asTyped };
}

function refuseAsTooLong(): never {
  throw new InvalidEmailAddress(`An email address has at most ${MAX_BYTES} bytes`);
}
