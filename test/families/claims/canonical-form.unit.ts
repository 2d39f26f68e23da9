import fc from 'fast-check';
import { canonicalForm } from '../../../src/families/claims/canonical-form.js';

describe('the form in which an address is claimed', () => {
  it('is the one that the domain folds to, and none for what is no address', () => {
    expect(canonicalForm(' É.Ñ@Example.ORG ')).toBe('é.ñ@example.org');
    expect(canonicalForm('no address')).toBeUndefined();
  });

  it('of printable ASCII without capitals is itself, or none: the start looks no closer at such claims', () => {
    const character = fc
      .constantFrom(...Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at)))
      .filter((one) => !/[A-Z]/.test(one));
    const part = fc.string({ unit: character, minLength: 1, maxLength: 12 });
    const domain = fc.oneof(
      part,
      fc.domain().map((name) => name.toLowerCase()),
      fc.constant('xn--bcher-kva.example'),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.tuple(part, domain).map((parts) => parts.join('@')),
          part,
        ),
        (text) => {
          expect([undefined, text]).toContain(canonicalForm(text));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
