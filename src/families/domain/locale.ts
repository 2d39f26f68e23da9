import { InvalidLocale } from './errors.js';

/** RFC 5646, section 4.4.1: no implementation has to take more. */
const MAX_LENGTH = 35;

/** A BCP 47 language tag in its canonical form. @throws InvalidLocale */
export function parseLocale(text: string): string {
  if (text.length > MAX_LENGTH) throw new InvalidLocale();
  try {
    const [locale] = Intl.getCanonicalLocales(text);
    if (locale === undefined) throw new InvalidLocale();
    return locale;
  } catch (error) {
    if (error instanceof RangeError) throw new InvalidLocale();
    throw error;
  }
}
