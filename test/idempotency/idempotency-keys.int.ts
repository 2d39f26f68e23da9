import { randomBytes, randomUUID } from 'node:crypto';
import {
  IdempotencyKeyReused,
  IdempotencyKeys,
  type IdempotentRequest,
} from '../../src/idempotency/idempotency-keys.js';
import { createTestLog, rootLog, type TestLog } from '../support/test-log.js';

describe('idempotency keys', () => {
  let test: TestLog;
  let keys: IdempotencyKeys;
  const secret = randomBytes(32);
  const request = (overrides: Partial<IdempotentRequest> = {}): IdempotentRequest => ({
    scope: 'family-1',
    key: randomUUID(),
    method: 'POST',
    path: '/v1/family/close',
    body: { password: 'correct horse', reason: 'moved' },
    ...overrides,
  });
  const place = { stream: 'family-1', fromVersion: 1, version: 2 };

  beforeAll(async () => {
    test = await createTestLog();
    keys = openKeys(secret);
  });

  afterAll(() => test.close());

  const openKeys = (hmacKey: Buffer): IdempotencyKeys =>
    new IdempotencyKeys(test.collections.db.collection('idempotency_keys'), hmacKey, 8_000);

  it('find what was answered, by the same request in whatever order its fields are', async () => {
    const first = request();
    expect(await keys.find(keys.identify(first))).toBeNull();
    const now = new Date();
    await keys.insertAlone(keys.record(keys.identify(first), place, now));
    const again = { ...first, body: { reason: 'moved', password: 'correct horse' } };
    expect(await keys.find(keys.identify(again))).toMatchObject({ ...place, at: now });
  });

  it.each<[string, Partial<IdempotentRequest>]>([
    ['body', { body: { password: 'correct horse', reason: 'bored' } }],
    ['path', { path: '/v1/family/reopen' }],
    ['method', { method: 'DELETE' }],
  ])('are refused with another %s', async (_, other) => {
    const first = request();
    await keys.insertAlone(keys.record(keys.identify(first), place, new Date()));
    await expect(keys.find(keys.identify({ ...first, ...other }))).rejects.toThrow(IdempotencyKeyReused);
  });

  it('belong to who sent them: another family may use the same one', async () => {
    const first = request();
    await keys.insertAlone(keys.record(keys.identify(first), place, new Date()));
    expect(await keys.find(keys.identify({ ...first, scope: 'family-2' }))).toBeNull();
  });

  it('are kept for a day, and neither key nor body can be read back', async () => {
    const first = request();
    const now = new Date();
    const record = keys.record(keys.identify(first), place, now);
    expect(record.expiresAt.getTime() - now.getTime()).toBe(86_400_000);
    await keys.insertAlone(record);
    const stored = await rootLog(test).collection<{ _id: string }>('idempotency_keys').find({}).toArray();
    const text = JSON.stringify(stored);
    for (const secretText of [first.key, 'correct horse', 'moved']) expect(text).not.toContain(secretText);
    const otherSecret = openKeys(randomBytes(32));
    expect(otherSecret.identify(first)).not.toEqual(keys.identify(first));
  });
});
