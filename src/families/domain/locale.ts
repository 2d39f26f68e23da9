import { InvalidLocale } from './errors.js';

/** RFC 5646, section 4.4.1: no implementation has to take more. */
const MAX_LENGTH = 35;

/**
 * A BCP 47 language tag in its canonical form (`en-gb` is `en-GB`), of at most 35 characters. Whether anything
 * is translated into it is not asked.
 * @throws InvalidLocale
 */
export function parseLocale(text: string): string {
  if (text.length > MAX_LENGTH) throw new InvalidLocale();
  const locale = canonicalLocale(text);
  // A canonical tag can be longer than the one it replaces.
  if (locale === undefined || locale.length > MAX_LENGTH) throw new InvalidLocale();
  return locale;
}

function canonicalLocale(text: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(text)[0];
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
