import { setTimeout as sleep } from 'node:timers/promises';
import { ClaimsMissing } from '../../src/event-log/errors.js';
import { change, createTestLog, newEmail, registration, rootLog, type TestLog } from '../support/test-log.js';

describe('wiped claims', () => {
  let test: TestLog;

  beforeEach(async () => {
    test = await createTestLog();
  });

  afterEach(() => test.close());

  const wipes: [string, (log: TestLog) => Promise<unknown>][] = [
    ['emptied', (log) => rootLog(log).collection('email_claims').deleteMany({})],
    ['dropped', (log) => rootLog(log).collection('email_claims').drop()],
  ];

  it.each(wipes)('refuse every append that makes a claim, and no other: %s', async (_, wipe) => {
    const email = newEmail();
    const request = registration(email);
    await test.log.append(request);
    await wipe(test);
    const outcomes = await Promise.allSettled([
      test.log.append(registration(email)),
      test.log.append(change(request.stream, 1)),
      test.log.append(registration(newEmail())),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected']);
    expect(outcomes[0]).toMatchObject({ reason: expect.any(ClaimsMissing) });
    expect(await test.log.findClaim(email)).toBe('unknown');
    expect(await rootLog(test).collection('email_claims').countDocuments()).toBe(0);
  });

  it('refuse what was under way when they were wiped: never a duplicate', async () => {
    const email = newEmail();
    await test.log.append(registration(email));
    const load = Promise.allSettled(
      Array.from({ length: 200 }, async (_, index) => {
        await sleep(index);
        return test.log.append(registration(index % 2 === 0 ? email : newEmail()));
      }),
    );
    await sleep(80);
    await rootLog(test).collection('email_claims').deleteMany({});
    await load;
    expect(await rootLog(test).collection('events').countDocuments({ 'data.locale': 'en' })).toBeLessThan(
      201,
    );
    expect(await rootLog(test).collection('email_claims').countDocuments()).toBe(0);
    const claims = await rootLog(test).collection('events').countDocuments({ type: 'FamilyRegistered' });
    expect(claims).toBe((await test.log.head()).position);
  });
});
