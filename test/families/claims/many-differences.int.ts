import mongoose from 'mongoose';
import { rebuildClaims } from '../../../src/families/claims/rebuild-claims.js';
import { verifyClaims } from '../../../src/families/claims/verify-claims.js';
import { addresses, createTestFamilies, type TestFamilies } from '../../support/test-families.js';

/** Longer than an address may be, so that fewer of them are needed. */
const LONG = `${'x'.repeat(1_100)}@example.org`;

let test: TestFamilies;

beforeEach(async () => {
  test = await createTestFamilies();
});
afterEach(() => test.close());

const SHARES = { claimsPerShare: 3 };

describe('claims that differ from the log in great number', () => {
  it('are looked at again in pages: together their addresses are more than one query can hold', async () => {
    const position = mongoose.mongo.Long.ONE;
    for (let from = 0; from < 16_000; from += 4_000) {
      const some = Array.from({ length: 4_000 }, (_, index) => {
        const member = `${from + index}`;
        return { _id: `${member}${LONG}`, family: 'f', member, position };
      });
      await test.claims().insertMany(some, { ordered: false });
    }
    const report = await verifyClaims(test.collections, test.openKeys());
    expect(report).toMatchObject({ ok: false, stored: 16_000, extra: 16_000, missing: 0, different: 0 });
    expect(report.samples).toHaveLength(10);
  }, 60_000);

  it('are counted once, into however many shares they are divided', async () => {
    await test.registerAll(addresses(20));
    const [first, second, third] = addresses(3);
    await test.claims().deleteOne({ _id: first! });
    await test.claims().updateOne({ _id: second! }, { $set: { member: 'another' } });
    const { family } = (await test.claims().findOne({ _id: third! }))!;
    await test.familyKeys().deleteOne({ _id: family as string });
    const counts = { missing: 1, extra: 0, different: 1, expected: 20, stored: 19 };
    const unreadable = { events: 1, kept: 1, unaccounted: 0 };
    const verify = () => verifyClaims(test.collections, test.openKeys(), SHARES);
    expect(await verify()).toMatchObject({ ...counts, unreadable });
    const done = await rebuildClaims(test.collections, test.openKeys(), SHARES);
    expect(done).toMatchObject({ claims: 20, restored: 1, removed: 0, corrected: 1, unreadable, open: true });
    expect(await verify()).toMatchObject({
      missing: 0,
      different: 0,
      expected: 20,
      stored: 20,
      sentinel: 20,
    });
  });

  it('are mended where a member holds an address of another share', async () => {
    await test.registerAll(addresses(20));
    for (const email of addresses(20)) {
      const claim = await test.claims().findOneAndDelete({ _id: email }, { promoteLongs: false });
      await test.claims().insertOne({ ...claim, _id: `not-${email}` });
    }
    const done = await rebuildClaims(test.collections, test.openKeys(), SHARES);
    expect(done).toMatchObject({ claims: 20, restored: 20, open: true });
    expect(await verifyClaims(test.collections, test.openKeys(), SHARES)).toMatchObject({ ok: true });
  });
});
