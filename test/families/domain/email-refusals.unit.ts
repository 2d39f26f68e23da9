import { parseEmailAddress } from '../../../src/families/domain/email-address.js';
import { InvalidEmailAddress } from '../../../src/families/domain/errors.js';
import { refusalOf } from '../../support/given-when-then.js';
import { printable } from './printable.js';

const ruleBroken = (text: string) => refusalOf(() => parseEmailAddress(text), InvalidEmailAddress).rule;
const canonical = (text: string) => parseEmailAddress(text).canonical;

const ONE_AT = /exactly one @/;
const NO_LOCAL = /something before the @/;
const NO_DOMAIN = /domain name after the @/;
const QUOTED = /Quoted/;
const DOTS = /neither begins nor ends with a dot/;
const WHITE = /before the @ holds no white space/;
const INVISIBLE = /before the @ holds no invisible or unassigned/;
const VARIANT = /no variant of another character/;
const UNSETTLED = /dotless small i, dotted capital i or iota subscript/;
const LETTERS = /holds letters, digits, single dots/;
const MARK = /begins with a combining mark/;
const DIRECTION = /written in one direction/;
const LOCAL_BYTES = /before the @ has at most 64 bytes/;
const BYTES = /address has at most 254 bytes/;
const LDH = /after the @ holds letters, digits, hyphens and dots only/;
const DOMAIN_INVISIBLE = /after the @ holds no invisible or unassigned/;
const NOT_A_DOMAIN = /after the @ is not a domain name/;
const DOT_AT_END = /does not end with a dot/;
const TWO_LABELS = /at least two labels/;
const LABEL = /A label of a domain/;
const IP = /not an IP address/;

const REFUSED: [RegExp, string[]][] = [
  [
    ONE_AT,
    ['', ' ', 'maria', 'a@b@example.com', 'a＠example.com', 'a@b＠example.com', 'a﹫example.com', 'a@@b.c'],
  ],
  [NO_LOCAL, ['@', '@example.com', '  @example.com  ']],
  [NO_DOMAIN, ['a@', ' a@ ']],
  [QUOTED, ['"a"@example.com', '"a b"@example.com']],
  [DOTS, ['.a@example.com', 'a.@example.com', 'a..b@example.com', '.@example.com', 'a．．b@example.com']],
  [
    WHITE,
    ['a b@example.com', 'a @example.com', 'a\tb@example.com', 'a\u00A0b@example.com', 'a\u3000b@example.com'],
  ],
  [
    INVISIBLE,
    [
      'a\u200Bb@example.com', // zero-width space
      'a\u200Db@example.com', // joiner
      'a\u200Cb@example.com', // non-joiner
      'a\u00ADb@example.com', // soft hyphen
      '\uFEFFa@example.com', // byte-order mark
      'a\u2060b@example.com', // word joiner
      'a\u202Eb@example.com', // right-to-left override
      'a\u2066b@example.com', // isolate
      'a\u200Fb@example.com', // right-to-left mark
      'a\u034Fb@example.com', // combining grapheme joiner
      'a\uFE0Fb@example.com', // variation selector
      'a\u{E0041}b@example.com', // tag
      'a\u3164b@example.com', // Hangul filler
      'a\uFFA0b@example.com', // its half-width form
      'a\u0000b@example.com',
      'a\u007Fb@example.com',
      'a\u0080b@example.com',
      'a\uD800b@example.com', // lone surrogates
      'a\uDC00b@example.com',
      'a\uE000b@example.com', // private use
      'a\u0378b@example.com', // unassigned
      'a\uFFFFb@example.com', // non-character
    ],
  ],
  [
    VARIANT,
    [
      'ﬁ@example.com',
      '\u017F@example.com', // ſ
      'x²@example.com',
      '𝐚@example.com',
      'ⓐ@example.com',
      '㍿@example.com',
      '№1@example.com',
      'ª@example.com',
      'µ@example.com', // micro sign, not mu
      'ϐ@example.com',
      'ŉ@example.com',
      'ŀ@example.com',
      'ﷺ@example.com',
      'ﻫ@example.com', // Arabic presentation form
      'ﾡￂ@example.com', // half-width Hangul
      'a…b@example.com',
      'a․b@example.com', // one dot leader
    ],
  ],
  [
    UNSETTLED,
    [
      'ı@example.com',
      'İ@example.com',
      'I\u0307@example.com',
      'i\u0307@example.com',
      'ışık@example.com',
      'ᾼδης@example.com',
      'ᾳ@example.com',
      'α\u0345@example.com',
      'ᾴ@example.com',
      'x\u0345\u0301@example.com',
    ],
  ],
  [
    LETTERS,
    [
      'a(comment)@example.com',
      'a,b@example.com',
      'a;b@example.com',
      'a:b@example.com',
      'a<b>@example.com',
      'a[b]@example.com',
      'a\\b@example.com',
      'a"b@example.com',
      'a（b）@example.com',
      'a–b@example.com',
      'a·b@example.com', // contextual in PRECIS
      '😀@example.com',
      '€@example.com',
      '₿@example.com',
      '〇@example.com', // a number that is no digit
      'aـb@example.com', // kashida
      '々〱@example.com', // kana repeat mark
      '\u1112\u119E@example.com', // old Hangul
      'a\u20DD@example.com', // enclosing mark
    ],
  ],
  [MARK, ['\u0301a@example.com', 'a.\u0301b@example.com', 'ﾞ@example.com', '\u093Ea@example.com']],
  [
    DIRECTION,
    [
      'עברitа@example.com',
      'a\u05D0@example.com',
      '\u05D0b@example.com',
      '1\u05D0@example.com',
      '\u05D0-@example.com',
      '+\u0627@example.com',
      '\u0661\u0662@example.com',
      'a\u0661@example.com',
      '\u06271\u0661@example.com',
      '\u0627\u06F1\u0661@example.com',
      '\u{1E943}a@example.com',
      'علي+news@example.com',
    ],
  ],
  [
    LOCAL_BYTES,
    ['a'.repeat(65) + '@example.com', 'é'.repeat(33) + '@example.com', 'ß'.repeat(33) + '@example.com'],
  ],
  [
    BYTES,
    [
      `a@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.${'e'.repeat(61)}`,
      'a'.repeat(1_000) + '@example.com',
      'a'.repeat(100_000),
      'é'.repeat(500_000) + '@' + 'é'.repeat(500_000),
    ],
  ],
  [
    LDH,
    [
      'a@exa_mple.com',
      'a@exam%70le.com',
      'a@example.com:25',
      'a@example.com/x',
      'a@example.com?x',
      'a@example.com#x',
      'a@[127.0.0.1]',
      'a@[IPv6:::1]',
      'a@exa mple.com',
      'a@ example.com',
      'a@exa\tmple.com',
      'a@example.com(comment)',
      'a@<example.com>',
      'a@example,com',
      'a@exa\u0000mple.com',
    ],
  ],
  [
    DOMAIN_INVISIBLE,
    [
      'a@exa\u00ADmple.com',
      'a@exa\u200Bmple.com',
      'a@\uFEFFexample.com',
      'a@exa\u3000mple.com',
      'a@exa\u202Emple.com',
      'a@exa\uFE0Fmple.com',
      'a@exa\uD800mple.com',
      'a@exa\u0378mple.com',
      'a@exa\uE000mple.com',
    ],
  ],
  [
    NOT_A_DOMAIN,
    [
      'a@exa％41mple.com',
      'a@℀mple.com',
      'a@xn--a.com',
      'a@xn--.com',
      'a@\u0301a.com',
      'a@ا1a.com',
      'a@a\u200Db.com',
      'a@example.0x7f',
      'a@b.c.0x1',
      'a@1.2.3.4.5',
      'a@a／b.com',
    ],
  ],
  [DOT_AT_END, ['a@example.com.', 'a@example.com。', 'a@example.com｡', 'a@example.com．', 'a@com.', 'a@a..']],
  [TWO_LABELS, ['a@localhost', 'a@com', 'a@日本']],
  [
    LABEL,
    [
      'a@.example.com',
      'a@example..com',
      'a@-example.com',
      'a@example-.com',
      'a@' + 'b'.repeat(64) + '.com',
      'a@' + 'ü'.repeat(63) + '.com',
      'a@xn--abc-.com',
      'a@a.-b',
    ],
  ],
  [IP, ['a@127.0.0.1', 'a@0x7f.1', 'a@１２７.０.０.１', 'a@127.1', 'a@1.2.3.4', 'a@0.0']],
];

describe('what is no address', () => {
  const rows = REFUSED.flatMap(([rule, texts]) => texts.map((text) => [rule, text] as const));

  it.each(rows.map(([rule, text]) => [printable(text).slice(0, 60), rule, text] as const))(
    'refuses %s: %s',
    (_, rule, text) => {
      expect(ruleBroken(text)).toMatch(rule);
    },
  );

  it('is refused under one stable code, without repeating what was typed', () => {
    const error = refusalOf(() => parseEmailAddress('some body@secret.example'), InvalidEmailAddress);
    expect(error.code).toBe('invalid-email-address');
    expect(error.message).toBe('The part before the @ holds no white space');
    expect(error.name).toBe('InvalidEmailAddress');
  });
});

describe('the limits of length', () => {
  const domain = (length: number) =>
    `${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.${'e'.repeat(length - 192)}`;

  it('takes 64 bytes before the @ and 254 in all, and not one more', () => {
    const longest = `${'a'.repeat(64)}@${domain(254).slice(65)}`;
    expect(longest).toHaveLength(254);
    expect(canonical(longest)).toBe(longest);
    expect(ruleBroken(`a@${domain(253)}`)).toMatch(BYTES);
    expect(ruleBroken(`a@${domain(254)}`)).toMatch(/after the @ has at most 253 bytes/);
    expect(canonical(`a@${domain(252)}`)).toHaveLength(254);
  });

  it('counts bytes of UTF-8 in the canonical form', () => {
    expect(canonical(`${'é'.repeat(32)}@example.com`)).toHaveLength(44);
    // Three bytes each as typed, one when folded.
    expect(canonical(`${'ａ'.repeat(64)}@example.com`)).toBe(`${'a'.repeat(64)}@example.com`);
  });
});
