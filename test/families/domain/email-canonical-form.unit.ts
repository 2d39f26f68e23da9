import fc from 'fast-check';
import { parseEmailAddress } from '../../../src/families/domain/email-address.js';
import { InvalidEmailAddress } from '../../../src/families/domain/errors.js';

/** Every character that is assigned; of ideographs and Hangul syllables, which are all alike, some. */
function* everyCharacter(): Generator<string> {
  for (let code = 0; code < 0x110000; code += 1) {
    const character = String.fromCodePoint(code);
    const isOneOfMany = /[\p{Cn}\p{Co}\p{Cs}\p{Unified_Ideograph}\uAC00-\uD7A3]/u.test(character);
    if (!isOneOfMany || code % 97 === 0) yield character;
  }
}

/** null where the address is refused; any other error is one of ours and fails the test. */
function canonicalOrNull(text: string): string | null {
  try {
    return parseEmailAddress(text).canonical;
  } catch (error) {
    if (error instanceof InvalidEmailAddress) return null;
    throw error;
  }
}

/** Characters that fold into one another, decompose, join, hide, turn around, or mean something to a parser. */
const AWKWARD = Array.from(
  '@＠.．。｡+-_%/:"\\()[] \t\u00A0\u3000\u0085\uFEFF\u200B\u200C\u200D\u00AD\u2060\u202E\uFE0F\u034F' +
    'aAaｚＺßẞſsSςσΣKKÅÅåıiIİǆǅǄﬁﾞﾟｶガカ\u3099가\u1100\u1161ﾡ' +
    '\u0300\u0301\u0307\u0308\u0316\u0323\u0327\u0345\u0338\u093E\u094Dαᾳᾼ' +
    'אבعل٠۱१0１²①豈\uD800\uDC00\uE000\u0378😀',
);
const awkward = fc.string({ unit: fc.constantFrom(...AWKWARD), maxLength: 12 });
const anything = fc.oneof(
  awkward,
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 12 }),
);
const address = fc.oneof(
  anything,
  fc.tuple(anything, anything).map(([local, domain]) => `${local}@${domain}`),
  anything.map((local) => `${local}@example.com`),
  anything.map((label) => `maria@${label}.com`),
  fc.emailAddress(),
);

const plainLocal = fc.stringMatching(/^[a-z0-9]{1,20}(\.[a-z0-9+_-]{1,10}){0,2}$/);
const plainDomain = fc.stringMatching(/^[a-z0-9]{1,20}(\.[a-z0-9]{1,10}){0,2}\.[a-z]{2,8}$/);
const outerSpace = fc.string({
  unit: fc.constantFrom(...Array.from(' \t\r\n\u0085\u00A0\u1680\u2000\u2028\u3000')),
  maxLength: 4,
});

describe('the canonical form of an address', () => {
  it('parses to itself, whatever it was made from', () => {
    fc.assert(
      fc.property(address, (text) => {
        const form = canonicalOrNull(text);
        if (form !== null) expect(canonicalOrNull(form)).toBe(form);
      }),
      { numRuns: 5_000 },
    );
  });

  it('parses to itself for every character there is, before and after the @', () => {
    const moved: string[] = [];
    for (const character of everyCharacter()) {
      for (const text of [`${character}@example.com`, `x${character}y@example.com`, `a@${character}.com`]) {
        const form = canonicalOrNull(text);
        if (form !== null && canonicalOrNull(form) !== form) moved.push(text);
      }
    }
    expect(moved).toEqual([]);
  });

  it('is the same for the small and the capital form of every character, where both are taken', () => {
    const apart: string[] = [];
    for (const character of everyCharacter()) {
      const forms = [character, character.toLowerCase(), character.toUpperCase(), character.normalize('NFD')]
        .map((form) => canonicalOrNull(`${form}@example.com`))
        .filter((form) => form !== null);
      if (new Set(forms).size > 1) apart.push(character);
    }
    expect(apart).toEqual([]);
  });

  it('has 254 bytes at most, 64 of them before its one @, a domain in ASCII, and no capitals, spaces or controls', () => {
    fc.assert(
      fc.property(address, (text) => {
        const form = canonicalOrNull(text);
        if (form === null) return;
        expect(Buffer.byteLength(form)).toBeLessThanOrEqual(254);
        expect(form).not.toMatch(/[A-Z\p{Lu}\p{Lt}\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u);
        const [local, domain, ...rest] = form.split('@');
        expect(rest).toEqual([]);
        expect(Buffer.byteLength(local ?? '')).toBeLessThanOrEqual(64);
        expect(domain).toMatch(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]*[a-z-][a-z0-9-]*$/);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is one for every case, width and spacing', () => {
    fc.assert(
      fc.property(
        plainLocal,
        plainDomain,
        outerSpace,
        outerSpace,
        fc.infiniteStream(fc.constantFrom('upper', 'wide', 'wide upper', 'as it is')),
        (local, domain, before, after, styles) => {
          const written = [local, domain].map((part) =>
            Array.from(part, (character) => restyled(character, styles.next().value)).join(''),
          );
          expect(canonicalOrNull(before + written.join('@') + after)).toBe(`${local}@${domain}`);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('is one for capitals, small letters and decomposed ones of any text, where they are taken', () => {
    const letters = fc.string({
      unit: fc.constantFrom(...AWKWARD.filter((character) => /[\p{L}\p{M}]/u.test(character))),
      maxLength: 6,
    });
    fc.assert(
      fc.property(letters, (local) => {
        const forms = [local, local.toUpperCase(), local.toLowerCase(), local.normalize('NFD')]
          .map((form) => canonicalOrNull(`${form}@example.com`))
          .filter((form) => form !== null);
        expect(new Set(forms).size).toBeLessThanOrEqual(1);
      }),
      { numRuns: 10_000 },
    );
  });

  it('is one for the composed and the decomposed spelling', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 10 }), (local) => {
        const composed = canonicalOrNull(`${local.normalize('NFC')}@example.com`);
        expect(canonicalOrNull(`${local.normalize('NFD')}@example.com`)).toBe(composed);
      }),
      { numRuns: 5_000 },
    );
  });

  it('of what was typed is that of the text without its outer white space', () => {
    fc.assert(
      fc.property(address, outerSpace, (text, space) => {
        expect(canonicalOrNull(space + text + space)).toBe(canonicalOrNull(text));
      }),
      { numRuns: 1_000 },
    );
  });
});

function restyled(character: string, style: string): string {
  const cased = style.endsWith('upper') ? character.toUpperCase() : character;
  return style.startsWith('wide') ? String.fromCharCode(cased.charCodeAt(0) + 0xfee0) : cased;
}
