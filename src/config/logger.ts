import { pino, type Logger } from 'pino';
import type { LogLevel } from './configuration.js';
import { isReaderGone } from './standard-streams.js';

/** What may wait to be written, in bytes; beyond it lines are dropped rather than memory filled. */
const WAITING_BYTES = 4 * 1024 * 1024;

/** JSON lines on standard output. A service does not end because its log cannot be written. */
export function createLogger(level: LogLevel): Logger {
  const destination = pino.destination({ dest: 1, maxLength: WAITING_BYTES });
  destination.on('error', (error: unknown) => {
    // What is left would be written once more at the end of the process, and fail as an uncaught error.
    destination.flushSync = () => undefined;
    if (isReaderGone(error)) destination.write = () => true;
  });
  return pino({ level }, destination);
}
