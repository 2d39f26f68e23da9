import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { FamilyKeys, type FamilyKeyDocument } from '../../src/privacy/family-keys.js';
import { KeyDoesNotUnwrap } from '../../src/privacy/wrap-key.js';
import { createTestLog, newEmail, registration, type TestLog } from '../support/test-log.js';

describe('family keys', () => {
  let test: TestLog;
  const keyEncryptionKey = { key: randomBytes(32), fingerprint: 'ours' };

  beforeAll(async () => {
    test = await createTestLog();
  });

  afterAll(() => test.close());

  const openKeys = (kek = keyEncryptionKey, cachedForMs?: number): FamilyKeys =>
    new FamilyKeys(test.collections.db.collection<FamilyKeyDocument>('family_keys'), kek, cachedForMs);

  async function destroyKey(family: string): Promise<void> {
    const shredder = await test.database.clientAs('shredder');
    const keys = shredder.db(test.database.logName).collection<{ _id: string }>('family_keys');
    await keys.deleteOne({ _id: family });
  }

  async function storedKey(): Promise<{ family: string; key: Buffer }> {
    const family = randomUUID();
    const { key, alongside } = openKeys().create(family, new Date());
    await test.log.append(registration(newEmail(), { alongside: [alongside] }));
    return { family, key };
  }

  it('become durable with the first event and are found by every process that has the key-encryption key', async () => {
    const { family, key } = await storedKey();
    const keys = openKeys();
    expect(await keys.find(family)).toEqual(key);
    // A second look comes from memory and is the same.
    expect(await keys.find(family)).toEqual(key);
  });

  it('are of no use under another key-encryption key', async () => {
    const { family } = await storedKey();
    await expect(openKeys({ key: randomBytes(32), fingerprint: 'theirs' }).find(family)).rejects.toThrow(
      KeyDoesNotUnwrap,
    );
  });

  it('are found many at a time; families without one are missing from the answer', async () => {
    const [one, other] = [await storedKey(), await storedKey()];
    const found = await openKeys().findMany([one.family, randomUUID(), other.family, one.family]);
    expect(found).toEqual(
      new Map([
        [one.family, one.key],
        [other.family, other.key],
      ]),
    );
  });

  it('are gone for whoever asks after they were destroyed', async () => {
    const { family } = await storedKey();
    await destroyKey(family);
    expect(await openKeys().find(family)).toBeNull();
  });

  it('are forgotten after a while by a process that has used them, and then gone for it, too', async () => {
    const { family, key } = await storedKey();
    const keys = openKeys(keyEncryptionKey, 200);
    expect(await keys.find(family)).toEqual(key);
    await destroyKey(family);
    await sleep(300);
    expect(await keys.find(family)).toBeNull();
  });
});
