/**
 * Registrations that share a read and a transaction cost the database, and the one thread that talks to it, a
 * fraction of what each would alone. Waiting for others is free as long as passwords queue: whoever waits then
 * would only wait for a core instead. So how long one may wait follows from how long it takes until that queue is
 * empty, and is nothing where there is none.
 */
export interface PasswordQueue {
  /** Passwords that wait to be hashed. */
  readonly waiting: number;
  /** Passwords that are hashed at the same time. */
  readonly concurrency: number;
}

/** About what one hash takes on a core that does little else, in milliseconds; longer with more at once than cores. */
const HASH_MS = 16;
/** A queue of so many hashes for every core is one that lasts. */
const MANY_ROUNDS = 4;
const LONGEST_APPEND_WAIT_MS = 150;
/** Two and a half rounds of the at least four: the queue does not run dry meanwhile. */
const LOOKUP_WAIT_MS = 40;

/** How long a registration that is ready may wait for others to be appended with, in milliseconds. */
export function appendMayWaitMs(queue: PasswordQueue): number {
  return roundsIn(queue) < MANY_ROUNDS ? 0 : Math.min(roundsIn(queue) * HASH_MS, LONGEST_APPEND_WAIT_MS);
}

/** How long the question whether an address is taken may wait for others to be asked with, in milliseconds. */
export function lookupMayWaitMs(queue: PasswordQueue): number {
  return roundsIn(queue) < MANY_ROUNDS ? 0 : LOOKUP_WAIT_MS;
}

function roundsIn({ waiting, concurrency }: PasswordQueue): number {
  return waiting / concurrency;
}
