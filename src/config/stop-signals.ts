/** The signals at which a process ends in order. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

/**
 * Ctrl-C reaches the whole process group, and npm, which is in it, passes on what it gets: what comes again this
 * soon is the same request once more, and not somebody who cannot wait.
 */
export const SAME_REQUEST_MS = 500;

/** Calls `listener` at each request to stop. @returns what ends that */
export function onStopSignal(listener: (signal: StopSignal) => void): () => void {
  let latest = -Infinity;
  const heard = STOP_SIGNALS.map((signal) => ({
    signal,
    handle: () => {
      const now = performance.now();
      if (now - latest < SAME_REQUEST_MS) return;
      latest = now;
      listener(signal);
    },
  }));
  for (const { signal, handle } of heard) process.on(signal, handle);
  return () => {
    for (const { signal, handle } of heard) process.off(signal, handle);
  };
}
