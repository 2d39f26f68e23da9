import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { hasErrorCode } from './error-facts.js';

/** Whether a write failed because nobody is there any more: a pipe without a reader, a terminal that was closed. */
export function isReaderGone(error: unknown): boolean {
  return hasErrorCode(error, 'EPIPE', 'EIO');
}

/** Whether a write failed because what it writes to takes nothing more. */
function isOutputLost(error: unknown): boolean {
  return isReaderGone(error) || hasErrorCode(error, 'ENOSPC', 'EDQUOT', 'EFBIG');
}

/**
 * Lets this process go on, and end in order, when nobody is there any more to read what it prints, or the
 * disk that takes it is full. Without it the
 * next line would be an uncaught error, and Node would abort at its end (SIGABRT): it puts terminals back as they
 * were, and takes one that is gone for a bug.
 */
export function outliveTheTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) {
    // A disk that is full, or a reader that is gone: what is printed is lost, and that is all.
    stream.on('error', (error) => {
      if (!isOutputLost(error)) throw error;
    });
  }
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  process.on('exit', () => {
    for (const descriptor of terminals) if (!isatty(descriptor)) closeSync(descriptor);
  });
}
