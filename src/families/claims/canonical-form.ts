import { parseEmailAddress } from '../domain/email-address.js';
import { InvalidEmailAddress } from '../domain/errors.js';

/** The form in which this address would be claimed today; undefined where today's rules refuse it. */
export function canonicalForm(text: string): string | undefined {
  try {
    return parseEmailAddress(text).canonical;
  } catch (error) {
    if (error instanceof InvalidEmailAddress) return undefined;
    throw error;
  }
}
