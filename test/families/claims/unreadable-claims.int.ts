import { ClaimsMissing, ClaimTaken } from '../../../src/event-log/errors.js';
import { rebuildClaims } from '../../../src/families/claims/rebuild-claims.js';
import { verifyClaims } from '../../../src/families/claims/verify-claims.js';
import { addresses, createTestFamilies, type TestFamilies } from '../../support/test-families.js';

const [first, second, third] = addresses(3) as [string, string, string];

let test: TestFamilies;
let lostKey: { _id: string };

/** Three families, and the key of the second is gone. */
beforeEach(async () => {
  test = await createTestFamilies();
  await test.register(first);
  const { family } = await test.register(second);
  await test.register(third);
  lostKey = (await test.familyKeys().findOneAndDelete({ _id: family }))!;
});
afterEach(() => test.close());

const rebuild = () => rebuildClaims(test.collections, test.openKeys());
const verify = () => verifyClaims(test.collections, test.openKeys());

describe('a claim whose event cannot be read, because the key of its family is gone', () => {
  it('is kept by a rebuild and told of, and nobody else gets the address', async () => {
    const before = await test.claims().findOne({ _id: second });
    const unreadable = { events: 1, kept: 1, unaccounted: 0, samples: [2] };
    expect(await rebuild()).toMatchObject({ claims: 3, removed: 0, open: true, unreadable });
    expect(await test.claims().findOne({ _id: second })).toEqual(before);
    await expect(test.register(second)).rejects.toThrow(ClaimTaken);
    await test.register('someone-new@example.org');
    expect(await verify()).toMatchObject({ ok: false, expected: 4, stored: 4, extra: 0, unreadable });
  });

  it('is kept while wrong claims around it are mended', async () => {
    await test.claims().deleteOne({ _id: first });
    await test.claims().updateOne({ _id: third }, { $set: { member: 'somebody else' } });
    expect(await verify()).toMatchObject({ missing: 1, extra: 0, different: 1, unreadable: { kept: 1 } });
    expect(await rebuild()).toMatchObject({ claims: 3, restored: 1, removed: 0, corrected: 1, open: true });
  });

  it('keeps registration closed where it was wiped, until the key is back', async () => {
    await test.claims().deleteMany({});
    const unreadable = { events: 1, kept: 0, unaccounted: 1, samples: [2] };
    expect(await verify()).toMatchObject({ ok: false, missing: 2, unreadable });
    expect(await rebuild()).toMatchObject({ claims: 2, restored: 2, open: false, unreadable });
    await expect(test.register(second)).rejects.toThrow(ClaimsMissing);
    expect(await test.log.findClaims([first, second])).toMatchObject([{ position: 1 }, 'unknown']);

    await test.familyKeys().insertOne(lostKey);
    expect(await rebuild()).toMatchObject({ claims: 3, restored: 1, open: true, unreadable: { events: 0 } });
    expect(await verify()).toMatchObject({ ok: true });
    await expect(test.register(second)).rejects.toThrow(ClaimTaken);
  });

  it('closes registration where it alone was removed', async () => {
    await test.claims().deleteOne({ _id: second });
    expect(await rebuild()).toMatchObject({ open: false, unreadable: { unaccounted: 1 } });
    await expect(test.register(second)).rejects.toThrow(ClaimsMissing);
  });

  it('is not told from its position alone: a claim of another family there does not stand for it', async () => {
    await test.claims().updateOne({ _id: second }, { $set: { family: 'another' } });
    expect(await rebuild()).toMatchObject({ removed: 1, open: false, unreadable: { unaccounted: 1 } });
  });

  it('stays where a readable event claims its address, too, and the clash is told of', async () => {
    const held = await test.claims().findOneAndDelete({ _id: second }, { promoteLongs: false });
    await test.register(second);
    await test.claims().deleteOne({ _id: second });
    await test.claims().insertOne(held!);
    const contested = [{ kept: { position: 2 }, refused: { position: 4 } }];
    expect(await verify()).toMatchObject({ missing: 0, extra: 0, different: 0, contested });
    expect(await rebuild()).toMatchObject({ claims: 3, corrected: 0, open: true, contested });
    expect(await test.claims().findOne({ _id: second }, { promoteLongs: false })).toEqual(held);
  });
});
