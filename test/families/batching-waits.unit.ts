import { appendMayWaitMs, lookupMayWaitMs } from '../../src/families/batching-waits.js';

describe('waiting for others to share a read or a transaction with', () => {
  it.each([
    [1, [0, 1, 3]],
    [2, [0, 1, 7]],
    [16, [0, 16, 63]],
  ])('costs a registration nothing where few passwords queue for %d cores', (concurrency, queues) => {
    for (const waiting of queues) {
      const queue = { waiting, concurrency };
      expect([appendMayWaitMs(queue), lookupMayWaitMs(queue)]).toEqual([0, 0]);
    }
  });

  it('grows with the queue of passwords, to an end', () => {
    const waits = [8, 16, 32, 512].map((waiting) => appendMayWaitMs({ waiting, concurrency: 2 }));
    expect(waits).toEqual([64, 128, 150, 150]);
  });

  it('lasts as long as the cores need: the same queue is empty sooner where there are more', () => {
    const waits = [1, 2, 4, 8].map((concurrency) => appendMayWaitMs({ waiting: 8, concurrency }));
    expect(waits).toEqual([128, 64, 0, 0]);
  });

  it('ends for a look-up before the queue can run dry', () => {
    for (const concurrency of [1, 2, 8]) {
      const queue = { waiting: 4 * concurrency, concurrency };
      expect(lookupMayWaitMs(queue)).toBe(40);
      expect(lookupMayWaitMs(queue)).toBeLessThanOrEqual(appendMayWaitMs(queue));
    }
  });
});
