import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { secureRandom } from '../../src/privacy/random-pool.js';
import { seal, SealBroken, unseal } from '../../src/privacy/seal.js';
import { KeyDoesNotUnwrap, unwrapKey, wrapKey } from '../../src/privacy/wrap-key.js';

const key = randomBytes(32);
const place = { stream: 'family-1', version: 1 };

describe('sealing', () => {
  it('opens to what was sealed, whatever it was', () => {
    const record = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,10}$/),
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.constant(null)),
    );
    fc.assert(
      fc.property(record, (personal) => {
        // The decoder gives plain objects, the generator may give some without a prototype.
        expect(unseal(key, place, seal(key, place, personal))).toEqual({ ...personal });
      }),
    );
  });

  it('never gives the same bytes twice, and never the plain text', () => {
    const personal = { email: 'maria@example.com' };
    const [first, second] = [seal(key, place, personal), seal(key, place, personal)];
    expect(first.equals(second)).toBe(false);
    expect(first.includes('maria')).toBe(false);
  });

  it.each([
    ['another key', randomBytes(32), place],
    ['another stream', key, { ...place, stream: 'family-2' }],
    ['another version', key, { ...place, version: 2 }],
  ])('does not open with %s', (_, otherKey, otherPlace) => {
    expect(() => unseal(otherKey, otherPlace, seal(key, place, { a: 1 }))).toThrow(SealBroken);
  });

  it('does not open with any one bit changed, nor cut short anywhere', () => {
    const sealed = seal(key, place, { email: 'maria@example.com' });
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(index) ^ 0x01, index);
      expect(() => unseal(key, place, changed)).toThrow(SealBroken);
      expect(() => unseal(key, place, sealed.subarray(0, index))).toThrow(SealBroken);
    }
  });
});

describe('wrapping a family’s key', () => {
  const dataKey = randomBytes(32);

  it('gives the key back to the same family under the same key-encryption key, and to nobody else', () => {
    const wrapped = wrapKey(key, 'family-1', dataKey);
    expect(unwrapKey(key, 'family-1', wrapped).equals(dataKey)).toBe(true);
    expect(() => unwrapKey(key, 'family-2', wrapped)).toThrow(KeyDoesNotUnwrap);
    expect(() => unwrapKey(randomBytes(32), 'family-1', wrapped)).toThrow(KeyDoesNotUnwrap);
    expect(() => unwrapKey(key, 'family-1', wrapped.subarray(0, 20))).toThrow(KeyDoesNotUnwrap);
  });
});

describe('the pool of random bytes', () => {
  it('hands nothing out twice, across refills, and nothing that a later draw could change', () => {
    const drawn = Array.from({ length: 5_000 }, () => secureRandom(12));
    const before = drawn.map((bytes) => bytes.toString('hex'));
    secureRandom(8_192);
    expect(new Set(before).size).toBe(5_000);
    expect(drawn.map((bytes) => bytes.toString('hex'))).toEqual(before);
    expect(() => secureRandom(8_193)).toThrow(RangeError);
  });
});
