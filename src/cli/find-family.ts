import { UserFacingError } from '../config/user-facing-error.js';
import { parseEmailAddress } from '../families/domain/email-address.js';
import { UsageError } from './exit-code.js';
import type { OpenLog } from './with-log.js';

/** The id of a family that is named by its id or by an address that one of its members signs in with. */
export function familyIdFor(open: OpenLog, wanted: string): Promise<string> {
  return wanted.includes('@') ? familyWithEmail(open, wanted) : Promise.resolve(wanted);
}

/** An address in the form in which it is claimed. @throws UsageError */
export function canonicalEmail(text: string): string {
  try {
    return parseEmailAddress(text).canonical;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function familyWithEmail({ log }: OpenLog, text: string): Promise<string> {
  const claim = await log.findClaim(canonicalEmail(text));
  if (claim === 'unknown') {
    throw new UserFacingError('The claims were wiped, so that no address can be looked up.', {
      remedies: ['run "family-accounts claims rebuild"', 'or look the family up by its id'],
    });
  }
  if (claim === null) throw noSuchFamily(text);
  return claim.family;
}

/** What is said of a family that nobody has registered. */
export function noSuchFamily(wanted: string): UserFacingError {
  return new UserFacingError(`There is no family "${wanted}".`, {
    remedies: ['look at the id again (a UUID), or use the email address the family signs in with'],
  });
}
