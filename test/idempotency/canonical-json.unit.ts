import fc from 'fast-check';
import { canonicalJson } from '../../src/idempotency/canonical-json.js';

describe('canonical JSON', () => {
  it('is the same whatever the order of the keys, at every depth', () => {
    expect(canonicalJson({ b: [{ d: 1, c: null }], a: 'x' })).toBe('{"a":"x","b":[{"c":null,"d":1}]}');
    expect(canonicalJson({ a: 'x', b: [{ c: null, d: 1 }] })).toBe('{"a":"x","b":[{"c":null,"d":1}]}');
  });

  it('leaves out what is undefined, as JSON does, and keeps the order of lists', () => {
    expect(canonicalJson({ a: undefined, b: [2, 1] })).toBe('{"b":[2,1]}');
    expect(canonicalJson(undefined)).toBe('null');
  });

  it('says what was said: it parses to the same value, and other values give other text', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (one, other) => {
        const [first, second] = [canonicalJson(JSON.parse(one)), canonicalJson(JSON.parse(other))];
        expect(JSON.parse(first)).toEqual(JSON.parse(one));
        if (first === second) expect(JSON.parse(one)).toEqual(JSON.parse(other));
      }),
    );
  });
});
