import { setTimeout as sleep } from 'node:timers/promises';
import { InTurn } from '../../src/families/in-turn.js';

class Late extends Error {}

describe('work in turn', () => {
  const inTurn = (deadlineMs = 5_000): InTurn => new InTurn(deadlineMs, () => new Late());

  it('runs one piece after the other on one thing, in the order it came', async () => {
    const turns = inTurn();
    const ran: string[] = [];
    await Promise.all(
      [30, 10, 0].map((ms, index) =>
        turns.run('a', async () => {
          ran.push(`begin ${index}`);
          await sleep(ms);
          ran.push(`end ${index}`);
        }),
      ),
    );
    expect(ran).toEqual(['begin 0', 'end 0', 'begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  it('runs side by side on different things', async () => {
    const turns = inTurn();
    let release = (): void => undefined;
    const blocked = turns.run('a', () => new Promise<void>((resolve) => void (release = resolve)));
    await expect(turns.run('b', () => Promise.resolve('done'))).resolves.toBe('done');
    release();
    await blocked;
  });

  it('goes on after a piece that failed', async () => {
    const turns = inTurn();
    const failed = turns.run('a', () => Promise.reject(new Error('first')));
    await expect(
      Promise.all([failed.catch(() => 'failed'), turns.run('a', () => Promise.resolve('second'))]),
    ).resolves.toEqual(['failed', 'second']);
  });

  it('tells a piece that waits too long, never runs it, and lets nobody overtake', async () => {
    const turns = inTurn(20);
    let release = (): void => undefined;
    let ran = false;
    const first = turns.run('a', () => new Promise<void>((resolve) => void (release = resolve)));
    const second = turns.run('a', () => {
      ran = true;
      return Promise.resolve();
    });
    await expect(second).rejects.toThrow(Late);
    const third = turns.run('a', () => Promise.resolve('third'));
    release();
    await first;
    await expect(third).resolves.toBe('third');
    expect(ran).toBe(false);
  });
});
