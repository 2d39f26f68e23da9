import { randomBytes, randomUUID } from 'node:crypto';
import { FamilyKeys, type FamilyKeyDocument } from '../../src/privacy/family-keys.js';
import { KeyDoesNotUnwrap } from '../../src/privacy/wrap-key.js';
import { createTestLog, rootLog, type TestLog } from '../support/test-log.js';

const kek = { key: randomBytes(32), fingerprint: 'ours' };

describe('the keys of many families', () => {
  let test: TestLog;
  let keys: FamilyKeys;
  const stored = new Map<string, Buffer>();

  beforeAll(async () => {
    test = await createTestLog();
    const collection = test.collections.db.collection<FamilyKeyDocument>('family_keys');
    keys = new FamilyKeys(collection, kek);
    const created = Array.from({ length: 600 }, () => {
      const family = randomUUID();
      const { key, alongside } = keys.create(family, new Date());
      stored.set(family, key);
      return alongside.document as unknown as FamilyKeyDocument;
    });
    await collection.insertMany(created);
  });

  afterAll(() => test.close());

  it('are found whether they are neighbours, far apart or in no order', async () => {
    const all = [...stored.keys()].toSorted();
    const apart = all.filter((_, index) => index % 50 === 0);
    for (const families of [all, apart, apart.toReversed(), all.slice(100, 300), [...all, ...all]]) {
      const found = await keys.readMany(families);
      expect([...found.keys()].toSorted()).toEqual([...new Set(families)].toSorted());
      for (const family of families) expect(found.get(family)).toEqual(stored.get(family));
    }
    expect(await keys.readMany([])).toEqual(new Map());
  });

  it('are missing where there is none, among others that are there', async () => {
    const strangers = Array.from({ length: 20 }, () => randomUUID());
    const wanted = [...stored.keys(), ...strangers].toSorted();
    const found = await keys.readMany(wanted);
    expect(found.size).toBe(stored.size);
    expect(strangers.some((family) => found.has(family))).toBe(false);
  });

  it('give the trouble of a key that does not unwrap to its own family', async () => {
    const [altered = '', other = ''] = stored.keys();
    const asRoot = rootLog(test).collection<FamilyKeyDocument>('family_keys');
    const wrapped = (await asRoot.findOne({ _id: other }))?.wrapped;
    if (wrapped === undefined) throw new Error('The key is not there');
    await asRoot.updateOne({ _id: altered }, { $set: { wrapped } });
    const found = await keys.readMany([...stored.keys()].toSorted());
    expect(found.get(altered)).toBeInstanceOf(KeyDoesNotUnwrap);
    expect(found.get(other)).toEqual(stored.get(other));
  });
});
