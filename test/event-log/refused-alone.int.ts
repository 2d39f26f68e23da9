import { randomUUID } from 'node:crypto';
import mongoose from 'mongoose';
import { ClaimTaken, VersionConflict } from '../../src/event-log/errors.js';
import { checkLog } from '../support/check-log.js';
import { MONTH_MS, moveClock } from '../support/move-clock.js';
import { change, createTestLog, newEmail, registration, renamed, type TestLog } from '../support/test-log.js';

const { MongoNetworkError } = mongoose.mongo;

/** Longer than a majority ever lags behind in these tests, shorter than the deadline. */
const LAG_MS = 400;

describe('an append that cannot be stored', () => {
  let test: TestLog;

  beforeEach(async () => {
    test = await createTestLog();
  });

  afterEach(async () => {
    const { problems } = await checkLog(test.database.rootClient, test.database.logName);
    await test.close();
    expect(problems).toEqual([]);
  });

  async function amongNeighbours(bad: Promise<unknown>): Promise<unknown> {
    const neighbours = Array.from({ length: 8 }, () => test.log.append(registration(newEmail())));
    const [outcome] = await Promise.allSettled([bad, ...neighbours]);
    await Promise.all(neighbours);
    return outcome.status === 'rejected' ? outcome.reason : null;
  }

  it('for a member who holds another value already is refused alone', async () => {
    const first = registration(newEmail());
    await test.log.append(first);
    const holder = first.events[0]!.claims![0]!.holder;
    const second = change(first.stream, 1, [
      { ...renamed(), claims: [{ kind: 'make', value: newEmail(), holder }] },
    ]);
    expect(await amongNeighbours(test.log.append(second))).toBeInstanceOf(ClaimTaken);
  });

  it('because it gives back what another family holds is refused alone, and the sentinel stays', async () => {
    const email = newEmail();
    await test.log.append(registration(email));
    const thief = registration(newEmail());
    await test.log.append(thief);
    const holder = thief.events[0]!.claims![0]!.holder;
    const theft = change(thief.stream, 1, [
      { ...renamed(), claims: [{ kind: 'release', value: email, holder }] },
    ]);
    expect(await amongNeighbours(test.log.append(theft))).toBeInstanceOf(ClaimTaken);
    expect(await test.log.findClaim(email)).not.toBeNull();
  });

  it('because its value is taken is refused alone where a majority confirms the other claim late', async () => {
    const email = newEmail();
    await test.log.append(registration(email));
    lag();
    expect(await amongNeighbours(test.log.append(registration(email)))).toBeInstanceOf(ClaimTaken);
  });

  it('because its value is taken is refused so, and nothing called damaged, while the clock leaps', async () => {
    const email = newEmail();
    await test.log.append(registration(email));
    lag();
    let leapt = 0;
    const clock = moveClock(() => (leapt += MONTH_MS));
    try {
      expect(await amongNeighbours(test.log.append(registration(email)))).toBeInstanceOf(ClaimTaken);
    } finally {
      clock.restore();
    }
  });

  /** A majority confirms claims so late. */
  function lag(): void {
    const { claims } = test.collections;
    const find = claims.find.bind(claims);
    const began = performance.now();
    Object.assign(claims, {
      find: (filter: object) => find(performance.now() - began < LAG_MS ? { _id: '#claims' } : filter),
    });
  }

  it('leaves no hole in its stream where the first look at the stream failed', async () => {
    const { events } = test.collections;
    const aggregate = events.aggregate.bind(events);
    let failures = 1;
    Object.assign(events, {
      aggregate: (pipeline: object[]) => {
        if (failures-- > 0) throw new MongoNetworkError('cut');
        return aggregate(pipeline);
      },
    });
    const stream = `family-${randomUUID()}`;
    await expect(test.log.append(change(stream, 5))).rejects.toThrow(new VersionConflict(stream, 5, 0));
  });

  it('because its time is none is refused before anything is sent', async () => {
    await expect(test.log.append(registration(newEmail(), { now: new Date(Number.NaN) }))).rejects.toThrow(
      RangeError,
    );
  });

  it('is not told so after a commit that failed in an unknown way: what was stored is found', async () => {
    await test.log.append(registration(newEmail()));
    const { client } = test.collections;
    const startSession = client.startSession.bind(client);
    let failures = 1;
    Object.assign(client, {
      startSession: () => {
        const session = startSession();
        const commit = session.commitTransaction.bind(session);
        return Object.assign(session, {
          commitTransaction: async () => {
            await commit();
            if (failures-- > 0) throw new Error('something nobody has met before');
          },
        });
      },
    });
    const appended = await Promise.all(
      Array.from({ length: 5 }, () => test.log.append(registration(newEmail()))),
    );
    expect(appended.map(({ position }) => position)).toEqual([2, 3, 4, 5, 6]);
  });
});
