import { takeBatch, type PendingAppend } from '../../src/event-log/append/batch.js';

describe('taking a batch', () => {
  const pending = (stream: string, bytes = 100): PendingAppend => ({
    request: {
      stream,
      events: [{ type: 'FamilyRenamed', schema: 1, data: {} }],
      expectedVersion: 0,
      meta: { actor: 'a', commandId: 'b', correlationId: 'c', causationId: 'd' },
      now: new Date(0),
    },
    bytes,
    startBy: 0,
    settled: false,
    started: false,
    resolve: () => undefined,
    reject: () => undefined,
  });
  const streams = (appends: readonly PendingAppend[]): string[] =>
    appends.map(({ request }) => request.stream);

  it('leaves a second append to a stream for the next one, in order', () => {
    const waiting = ['a', 'b', 'a', 'c', 'a'].map((stream) => pending(stream));
    expect(streams(takeBatch(waiting))).toEqual(['a', 'b', 'c']);
    expect(streams(takeBatch(waiting))).toEqual(['a']);
    expect(streams(takeBatch(waiting))).toEqual(['a']);
    expect(waiting).toEqual([]);
  });

  it('lets nobody overtake what did not fit', () => {
    const waiting = [pending('a', 3_000_000), pending('b', 3_000_000), pending('c')];
    expect(streams(takeBatch(waiting))).toEqual(['a']);
    expect(streams(takeBatch(waiting))).toEqual(['b', 'c']);
  });

  it('forgets what was answered meanwhile', () => {
    const waiting = [pending('a'), { ...pending('b'), settled: true }];
    expect(streams(takeBatch(waiting))).toEqual(['a']);
  });

  it('takes its batch from a crowd', () => {
    const waiting = Array.from({ length: 300_000 }, (_, index) => pending(`s${index}`));
    expect(takeBatch(waiting)).toHaveLength(1_000);
    expect(waiting).toHaveLength(299_000);
  });
});
