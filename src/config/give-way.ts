import { readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/**
 * From here on this process works with what others leave of the processors: whoever serves requests beside it is
 * let in at once, and is not kept waiting for milliseconds at each turn. On an idle machine nothing is slower.
 */
export function giveWay(): void {
  for (const thread of threads()) {
    try {
      setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL);
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
