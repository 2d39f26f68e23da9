import { openSync, writeSync } from 'node:fs';

/** Appends notes to a file, each in one write: whatever was noted is there after a kill -9. */
export function noteTo(file) {
  const descriptor = openSync(file, 'a');
  return (note) => writeSync(descriptor, `${JSON.stringify({ at: now(), ...note })}\n`);
}

/** Microseconds on the machine's monotonic clock, which all its processes share. */
export function now() {
  return Number(process.hrtime.bigint() / 1_000n);
}
