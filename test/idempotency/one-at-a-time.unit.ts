import { setTimeout as sleep } from 'node:timers/promises';
import { IdempotencyKeyInUse, OneAtATime } from '../../src/idempotency/one-at-a-time.js';

describe('one at a time', () => {
  it('runs what has the same key one after the other, and other keys side by side', async () => {
    const oneAtATime = new OneAtATime(1_000);
    const story: string[] = [];
    const work = (key: string, name: string) =>
      oneAtATime.run(key, async () => {
        story.push(`${name} begins`);
        await sleep(20);
        story.push(`${name} ends`);
      });
    await Promise.all([work('a', 'first'), work('a', 'second'), work('b', 'other')]);
    expect(story.slice(0, 2)).toEqual(['first begins', 'other begins']);
    expect(story.indexOf('second begins')).toBeGreaterThan(story.indexOf('first ends'));
  });

  it('lets the next run where the one before failed', async () => {
    const oneAtATime = new OneAtATime(1_000);
    const failing = oneAtATime.run('a', () => Promise.reject(new Error('refused')));
    const next = oneAtATime.run('a', () => Promise.resolve('done'));
    await expect(failing).rejects.toThrow('refused');
    await expect(next).resolves.toBe('done');
  });

  it('gives up waiting at the deadline', async () => {
    const oneAtATime = new OneAtATime(30);
    const slow = oneAtATime.run('a', () => sleep(200));
    await expect(oneAtATime.run('a', () => Promise.resolve())).rejects.toBeInstanceOf(IdempotencyKeyInUse);
    await slow;
  });
});
