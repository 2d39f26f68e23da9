import { setTimeout as sleep } from 'node:timers/promises';
import { mayPassByRetry } from './mongo-codes.js';

const TRIES = 12;

/** Runs `work` again, with growing pauses (2 s in all), while it fails by what passes: others at the same work. */
export async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      if (tried === TRIES || !mayPassByRetry(error)) throw error;
      await sleep(tried * 25 + Math.random() * 50);
    }
  }
}
