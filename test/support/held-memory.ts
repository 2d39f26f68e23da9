import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * The most bytes of buffers that were in use at once while `work` ran, beyond those that were before: what is
 * collected as garbage is not counted.
 */
export async function heldWhile<T>(
  work: () => Promise<T>,
  everyMs = 100,
): Promise<{ result: T; bytes: number }> {
  const before = inUse();
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, inUse())), everyMs);
  try {
    return { result: await work(), bytes: most - before };
  } finally {
    clearInterval(timer);
  }
}

function inUse(): number {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  // What the first one has found is freed in the background, and all of it before another one begins.
  gc();
  return process.memoryUsage().arrayBuffers;
}
