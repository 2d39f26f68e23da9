import { randomBytes, randomUUID } from 'node:crypto';
import { OutcomeUnknown } from '../../src/event-log/errors.js';
import { IdempotencyKeys } from '../../src/idempotency/idempotency-keys.js';
import { createTestLog, type TestLog } from '../support/test-log.js';
import { startThreeNodeSet, type ThreeNodeSet } from '../support/three-node-set.js';

const DEADLINE_MS = 1_000;

describe('while no majority confirms anything, the record of a command that changed nothing', () => {
  let set: ThreeNodeSet;
  let test: TestLog;
  let confirmAgain: () => Promise<void> = () => Promise.resolve();

  beforeAll(async () => {
    set = await startThreeNodeSet();
    test = await createTestLog(set.rootUri);
  }, 60_000);

  afterAll(async () => {
    await confirmAgain();
    await test.close();
    await set.stop();
  }, 60_000);

  it('is waited for until the deadline and no longer, and is found once they confirm again', async () => {
    const keys = new IdempotencyKeys(
      test.collections.db.collection('idempotency_keys'),
      randomBytes(32),
      DEADLINE_MS,
    );
    const request = { scope: 'nobody', key: randomUUID(), method: 'PATCH', path: '/v1/family', body: {} };
    const key = keys.identify(request);
    const place = { stream: 'family-1', fromVersion: 1, version: 1 };
    confirmAgain = await set.withholdMajority();
    const began = Date.now();
    await expect(keys.insertAlone(keys.record(key, place, new Date()))).rejects.toThrow(OutcomeUnknown);
    expect(Date.now() - began).toBeLessThan(DEADLINE_MS * 3);

    await confirmAgain();
    while ((await keys.find(key)) === null);
    expect(await keys.find(key)).toMatchObject(place);
  }, 60_000);
});
