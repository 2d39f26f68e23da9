import { describePace, describeSeconds } from '../../src/config/pace.js';

describe('the pace of work under way', () => {
  it.each([
    [{ done: 60_000, left: 120_000, elapsedMs: 1_000, unit: 'events' }, '60,000 events/s, 2 s left'],
    [{ done: 30, left: 600, elapsedMs: 60_000, unit: 'events' }, '0.5 events/s, 20 min 0 s left'],
    [{ done: 5_000_000, left: 10_000_000, elapsedMs: 2_000, unit: undefined }, '2.5 MB/s, 4 s left'],
    [{ done: 40, left: undefined, elapsedMs: 2_000, unit: undefined }, '20/s'],
    [{ done: 40, left: 0, elapsedMs: 2_000, unit: 'documents' }, '20 documents/s'],
  ])('of %j is "%s"', (pace, words) => {
    expect(describePace(pace)).toBe(words);
  });

  it('is not told too early, nor before anything is done', () => {
    expect(describePace({ done: 100, left: 100, elapsedMs: 20, unit: 'events' })).toBe('');
    expect(describePace({ done: 0, left: 100, elapsedMs: 9_000, unit: 'events' })).toBe('');
  });

  it('tells time in at most two units', () => {
    expect([0.2, 59, 61, 3_599, 12_000].map(describeSeconds)).toEqual([
      '1 s',
      '59 s',
      '1 min 1 s',
      '59 min 59 s',
      '3 h 20 min',
    ]);
  });
});
