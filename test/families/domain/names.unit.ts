import { InvalidName } from '../../../src/families/domain/errors.js';
import { parseName, parseReason } from '../../../src/families/domain/names.js';
import fc from 'fast-check';

describe('a name', () => {
  it.each([
    ['García', '  García\n'],
    ['García', 'Garci\u0301a'],
    ['The Smith Joneses', 'The\t Smith \u00A0\r\n\u3000Joneses'],
    ['👨‍👩‍👧 Team', '👨‍👩‍👧 Team'],
    ['🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
    ['نامه‌ای', 'نامه‌ای'],
    ['x', 'x'],
    ['É'.repeat(100), 'E\u0301'.repeat(100)],
    ['😀'.repeat(100), '😀'.repeat(100)],
    ["O'Brien & söner (2)", "O'Brien & söner (2)"],
  ])('is kept as %j where it is written %j', (kept, written) => {
    expect(parseName(written)).toBe(kept);
  });

  it.each([
    ['is empty', '', /at least one visible/],
    ['is white space', ' \t\n\u3000', /at least one visible/],
    ['is zero-width characters', '\u200B\u200D\u2060', /at least one visible/],
    ['is a Hangul filler, which is a letter', '\u3164', /at least one visible/],
    ['is an empty braille cell, which is a symbol', '\u2800', /at least one visible/],
    ['is a mark without a letter', '\u0301', /at least one visible/],
    ['holds a null', 'a\u0000b', /no control/],
    ['holds an escape', 'a\u001Bb', /no control/],
    ['holds a delete', 'a\u007Fb', /no control/],
    ['overrides the direction', 'a\u202Eb', /no control/],
    ['isolates a direction', 'a\u2067b', /no control/],
    ['holds a byte-order mark', '\uFEFFa', /no control/],
    ['holds a lone surrogate', 'a\uD83D', /no control/],
    ['holds a private-use character', 'a\uE000', /no control/],
    ['holds an unassigned character', 'a\u0378', /no control/],
    ['holds a non-character', 'a\uFFFE', /no control/],
    ['has 101 characters', '😀'.repeat(101), /at most 100/],
  ])('is refused where it %s', (_, written, rule) => {
    expect(() => parseName(written)).toThrow(InvalidName);
    expect(() => parseName(written)).toThrow(rule);
  });

  it('once kept is kept as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (written) => {
        let kept: string;
        try {
          kept = parseName(written);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidName);
          return;
        }
        expect(parseName(kept)).toBe(kept);
        expect(kept).toBe(kept.trim());
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a reason', () => {
  it('is one line of up to 500 characters', () => {
    expect(parseReason(' moving\n to  Spain ')).toBe('moving to Spain');
    expect(parseReason('x'.repeat(500))).toHaveLength(500);
    expect(() => parseReason('x'.repeat(501))).toThrow('A reason has at most 500 characters');
    expect(() => parseReason(' ')).toThrow(InvalidName);
  });
});
