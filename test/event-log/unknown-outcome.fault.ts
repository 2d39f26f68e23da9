import { LogUnavailable, OutcomeUnknown } from '../../src/event-log/errors.js';
import type { EventLog } from '../../src/event-log/event-log.js';
import { checkLog } from '../support/check-log.js';
import { startCuttingProxy, type Cut, type CuttingProxy } from '../support/cutting-proxy.js';
import { createTestLog, newEmail, registration, type TestLog } from '../support/test-log.js';

const SHORT_DEADLINE_MS = 3_000;

describe('a commit without an answer', () => {
  let test: TestLog;
  let proxy: CuttingProxy;
  let log: EventLog;

  beforeEach(async () => {
    test = await createTestLog();
    const direct = new URL(test.database.uriAs('service'));
    proxy = await startCuttingProxy(Number(direct.port));
    direct.port = String(proxy.port);
    // Otherwise the driver would leave for the address that the replica set gives.
    direct.searchParams.set('directConnection', 'true');
    direct.searchParams.delete('replicaSet');
    ({ log } = await test.openWriter(direct.href, SHORT_DEADLINE_MS * 2));
  });

  afterEach(async () => {
    proxy.resume();
    const { problems } = await checkLog(test.database.rootClient, test.database.logName);
    await test.close();
    await proxy.close();
    expect(problems).toEqual([]);
  });

  it.each<[Cut, number]>([
    ['lose the answer', 1],
    ['lose the answer', 3],
    ['lose the commit', 1],
    ['lose the commit', 3],
  ])('is found out about, never guessed: %s, %d in a row', async (cut, times) => {
    await log.append(registration(newEmail()));
    proxy.cutNextCommits(cut, times);
    const requests = Array.from({ length: 20 }, () => registration(newEmail()));
    const appended = await Promise.all(requests.map((request) => log.append(request)));
    // Once it is known what became of the batch there is no further commit to cut.
    expect(proxy.cuts()).toBeGreaterThan(0);
    expect(proxy.cuts()).toBeLessThanOrEqual(times);
    expect(new Set(appended.map(({ position }) => position)).size).toBe(20);
    expect((await log.head()).position).toBe(21);
    for (const [index, { stream }] of requests.entries()) {
      expect(await test.log.readStream(stream)).toMatchObject([{ position: appended[index]?.position }]);
    }
  });

  it('does not stop the others: another writer goes on meanwhile', async () => {
    proxy.cutNextCommits('lose the answer', 2);
    const writerOf = (index: number): EventLog => (index % 2 === 0 ? log : test.log);
    await Promise.all(
      Array.from({ length: 60 }, (_, index) => writerOf(index).append(registration(newEmail()))),
    );
    expect((await test.log.head()).position).toBe(60);
  });

  it('is told to the caller within the deadline where the network swallows everything, and goes on after', async () => {
    await log.append(registration(newEmail()));
    proxy.stall();
    const began = Date.now();
    const stuck = await log.append(registration(newEmail())).catch((error: unknown) => error);
    expect(stuck instanceof LogUnavailable || stuck instanceof OutcomeUnknown).toBe(true);
    expect(Date.now() - began).toBeLessThan(SHORT_DEADLINE_MS * 2 + 2_000);
    proxy.resume();
    const appended = await untilItWorks(() => log.append(registration(newEmail())));
    expect(appended.position).toBeGreaterThan(1);
  }, 60_000);
});

async function untilItWorks<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}
