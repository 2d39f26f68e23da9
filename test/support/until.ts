import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than a lease takes to run out; in milliseconds. */
const PATIENCE_MS = 20_000;

/** Resolves when something is so. @throws Error where it does not become so in time */
export async function until(isSo: () => Promise<boolean>, withinMs = PATIENCE_MS): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`Not so after ${withinMs} ms: ${isSo.toString()}`);
    await sleep(15);
  }
}
