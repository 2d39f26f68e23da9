import { appendMayWaitMs, lookupMayWaitMs } from '../../src/families/company.js';

describe('waiting for company', () => {
  it('costs a registration nothing where no passwords queue', () => {
    for (const waiting of [0, 1, 7]) {
      expect([appendMayWaitMs(waiting), lookupMayWaitMs(waiting)]).toEqual([0, 0]);
    }
  });

  it('grows with the queue of passwords, to an end', () => {
    const waits = [8, 16, 32, 512].map(appendMayWaitMs);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(waits[0]).toBeLessThan(waits[1] ?? 0);
    expect(waits.at(-1)).toBeLessThanOrEqual(150);
    expect(lookupMayWaitMs(8)).toBeLessThanOrEqual(appendMayWaitMs(8));
  });
});
