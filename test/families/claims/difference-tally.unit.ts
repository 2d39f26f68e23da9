import type { ClaimDifference } from '../../../src/families/claims/claim-differences.js';
import { DifferenceTally } from '../../../src/families/claims/difference-tally.js';

const claim = { family: 'f', member: 'm', position: 1 };

describe('the tally of differences', () => {
  it('counts shares of any size, and holds a few samples without their addresses', () => {
    const email = 'a@example.org';
    const kinds: ClaimDifference[] = [
      { email, expected: claim, found: null },
      { email, expected: null, found: claim },
      { email, expected: claim, found: { ...claim, position: 2 } },
      { email, expected: claim, found: null },
    ];
    const share = Array.from({ length: 200_000 }, (_, index) => kinds[index % kinds.length]!);
    const tally = new DifferenceTally();
    tally.add(share);
    tally.add(share);
    tally.add([]);
    expect(tally).toMatchObject({ missing: 200_000, extra: 100_000, different: 100_000 });
    expect(tally.samples).toHaveLength(10);
    expect(JSON.stringify(tally.samples)).not.toContain(email);
  });
});
