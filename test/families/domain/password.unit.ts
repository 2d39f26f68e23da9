import { InvalidPassword } from '../../../src/families/domain/errors.js';
import { parsePassword, presentedPassword } from '../../../src/families/domain/password.js';

describe('a password', () => {
  it.each(['12345678', 'x'.repeat(128), 'correct horse', '🔐'.repeat(8), ' leading and trailing '])(
    'is taken as it is: %j',
    (password) => {
      expect(parsePassword(password)).toBe(password);
    },
  );

  it('is the same password from every keyboard: composed or not, whichever space', () => {
    expect(parsePassword('contrase\u006E\u0303a x')).toBe(parsePassword('contraseña\u00A0x'));
  });

  it.each([
    ['seven characters', '1234567'],
    ['129 characters', 'x'.repeat(129)],
    ['four characters in eight code units', '🔐'.repeat(4)],
    ['a control character', 'pass\u0007word'],
    ['a lone surrogate', 'pass\uD800word'],
  ])('is refused with %s', (_, password) => {
    expect(() => parsePassword(password)).toThrow(InvalidPassword);
  });

  it('is never repeated in a refusal', () => {
    expect(() => parsePassword('hunter2')).toThrow(expect.not.stringContaining('hunter2'));
  });
});

describe('a presented password', () => {
  it('is taken in the form in which it was hashed', () => {
    expect(presentedPassword('el nin\u0303o crece')).toBe(parsePassword('el ni\u00F1o crece'));
  });

  it.each(['short', 'x'.repeat(129), 'pass\u0007word'])(
    'is taken as it came where it can be none: %j',
    (text) => {
      expect(presentedPassword(text)).toBe(text);
    },
  );
});
