import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Of a processor that both want, a process at 5 gets a quarter and one at 0 the rest; at 10 it would starve. */
const NICENESS = 5;

/**
 * From here on this process works with what others leave of the processors: whoever serves requests beside it is
 * let in at once, and is not kept waiting for milliseconds at each turn. On an idle machine nothing is slower.
 */
export function giveWay(): void {
  for (const thread of threads()) {
    try {
      setPriority(thread, NICENESS);
    } catch {
      // A courtesy: where the system does not allow it, or the thread has ended, the work is done all the same.
    }
  }
}

/** On Linux a priority is each thread's own, also those of the garbage collector; elsewhere the process's. */
function threads(): number[] {
  try {
    return readdirSync('/proc/self/task').map(Number);
  } catch {
    return [process.pid];
  }
}
