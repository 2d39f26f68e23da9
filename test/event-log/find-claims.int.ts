import { ClaimsMissing } from '../../src/event-log/errors.js';
import { createTestLog, newEmail, registration, rootLog, type TestLog } from '../support/test-log.js';

describe('looking up claims', () => {
  let test: TestLog;

  beforeEach(async () => {
    test = await createTestLog();
  });

  afterEach(() => test.close());

  it('answers for many values at once, in their order, asked twice or never claimed', async () => {
    const [first, second, free] = [newEmail(), newEmail(), newEmail()];
    await test.log.append(registration(first));
    await test.log.append(registration(second));
    const found = await test.log.findClaims([second, free, first, second]);
    expect(found.map((claim) => (claim === null || claim === 'unknown' ? claim : claim.position))).toEqual([
      2,
      null,
      1,
      2,
    ]);
    expect(await test.log.findClaims([])).toEqual([]);
  });

  it('knows nothing of an absent value where the claims are closed, and takes and gives back none', async () => {
    const [taken, free] = [newEmail(), newEmail()];
    await test.log.append(registration(taken));
    const closed = { $set: { closedSince: new Date() } };
    await rootLog(test).collection<{ _id: string }>('email_claims').updateOne({ _id: '#claims' }, closed);
    expect(await test.log.findClaims([free, taken])).toMatchObject(['unknown', { position: 1 }]);
    await expect(test.log.append(registration(free))).rejects.toThrow(ClaimsMissing);
    await expect(test.log.append(registration(taken))).rejects.toThrow(ClaimsMissing);
  });

  it('knows nothing of an absent value where the sentinel is gone, and still finds what is there', async () => {
    const [taken, free] = [newEmail(), newEmail()];
    await test.log.append(registration(taken));
    await rootLog(test).collection<{ _id: string }>('email_claims').deleteOne({ _id: '#claims' });
    expect(await test.log.findClaims([free, taken])).toMatchObject(['unknown', { position: 1 }]);
  });
});
