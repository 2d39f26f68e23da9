import { InvalidLocale } from '../../../src/families/domain/errors.js';
import { parseLocale } from '../../../src/families/domain/locale.js';

describe('a locale', () => {
  it.each([
    ['en', 'en'],
    ['EN-gb', 'en-GB'],
    ['zh-hant-tw', 'zh-Hant-TW'],
    ['iw', 'he'],
    ['es-419', 'es-419'],
    ['en-u-ca-gregory', 'en-u-ca-gregory'],
  ])('written %s is kept as %s', (written, kept) => {
    expect(parseLocale(written)).toBe(kept);
    expect(parseLocale(kept)).toBe(kept);
  });

  it.each(['', ' en', 'e', 'en_GB', 'english language', 'ｅｎ', 'en-', 'en\u0000', `en-x-${'a'.repeat(31)}`])(
    'is refused where it is %j',
    (written) => {
      expect(() => parseLocale(written)).toThrow(InvalidLocale);
    },
  );

  it('has at most 35 characters', () => {
    const longest = 'en-x-aaaaaaaa-bbbbbbbb-cccccccc-ddd';
    expect(longest).toHaveLength(35);
    expect(parseLocale(longest)).toBe(longest);
    expect(() => parseLocale(`${longest}d`)).toThrow(InvalidLocale);
  });
});
