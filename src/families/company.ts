/**
 * Registrations that share a read and a transaction cost the database, and the one thread that talks to it, a
 * fraction of what each would alone. Waiting for such company is free as long as passwords queue: whoever waits
 * then would only wait for a core instead. So how long one may wait follows from the length of that queue, and is
 * nothing where there is none.
 */
const MANY_WAITING = 8;
/** About what one password in the queue makes the next one wait on two cores, in milliseconds. */
const PER_PASSWORD_MS = 8;
const LONGEST_APPEND_WAIT_MS = 150;
/** Shorter than `MANY_WAITING` passwords take, so that the queue does not run dry meanwhile. */
const LOOKUP_WAIT_MS = 40;

/** How long a registration that is ready may wait for others to be appended with, in milliseconds. */
export function appendMayWaitMs(passwordsWaiting: number): number {
  return passwordsWaiting < MANY_WAITING
    ? 0
    : Math.min(passwordsWaiting * PER_PASSWORD_MS, LONGEST_APPEND_WAIT_MS);
}

/** How long the question whether an address is taken may wait for others to be asked with, in milliseconds. */
export function lookupMayWaitMs(passwordsWaiting: number): number {
  return passwordsWaiting < MANY_WAITING ? 0 : LOOKUP_WAIT_MS;
}
