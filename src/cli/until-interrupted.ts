import { isReaderGone } from '../config/standard-streams.js';
import { onStopSignal } from '../config/stop-signals.js';
import { EXIT } from './exit-code.js';

/** As shells count: 128 and the number of the signal. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export interface Interruptible {
  /** Frees what must not outlive the process; waits for it where it is still being made. */
  readonly release: () => Promise<void>;
  /** Asks the work to end by itself. Where it does not know how (false), the process is ended. */
  readonly stop: () => boolean;
}

/**
 * Waits for `work`. A signal, or a reader of the output that has gone (`… | head`), frees first and ends the
 * process then; a second signal ends it at once.
 */
export function untilInterrupted<T>(work: Promise<T>, { release, stop }: Interruptible): Promise<T> {
  let interrupted = false;
  const end = (code: number): void => {
    if (interrupted) process.exit(code);
    if (stop()) return;
    interrupted = true;
    const exit = (): never => process.exit(code);
    release().then(exit, exit);
  };
  const onError = (error: unknown): void => {
    if (!interrupted) end(isReaderGone(error) ? EXIT.ok : EXIT.findings);
  };
  const endListening = onStopSignal((signal) => end(SIGNALS[signal]));
  process.stdout.on('error', onError);
  const finished = work.finally(() => {
    endListening();
    process.stdout.off('error', onError);
  });
  // What becomes of the work after that is nobody's concern: its connections were closed under it.
  const never = new Promise<never>(() => {
    // The process ends instead.
  });
  return finished.then(
    (value) => (interrupted ? never : value),
    (error: unknown) => {
      if (interrupted) return never;
      throw error;
    },
  );
}
