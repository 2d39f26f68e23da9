import { Presets, SingleBar } from 'cli-progress';
import { describePace } from './pace.js';
import type { Reporter } from './reporter.js';

/** Without a terminal, progress is a line now and then: in files and logs every line stays. */
const LINE_EVERY_MS = 5_000;
const MEGABYTE = 1_000_000;

/** A reporter with a bar on the screen until it is ended. */
export interface TerminalReporter extends Reporter {
  /** Ends a bar that shows: it would hide the cursor, and keep the process alive. */
  end(): void;
}

/** Work under way: where it stood when it began to be watched, and when that was. */
interface Watched {
  readonly label: string;
  readonly from: number;
  readonly since: number;
}

/**
 * Reports to a stream: a progress bar on one line where it is a terminal, occasional lines where it is not, with
 * rate and time left.
 * @param stream standard error unless told otherwise, so that what a command prints stays clean.
 */
export function terminalReporter(
  stream: NodeJS.WritableStream & { isTTY?: boolean } = process.stderr,
): TerminalReporter {
  let bar: { readonly label: string; readonly shown: SingleBar } | undefined;
  let lastLine = { label: '', at: 0, complete: false };
  let watched: Watched = { label: '', from: 0, since: 0 };

  const endBar = (): void => {
    bar?.shown.stop();
    bar = undefined;
  };

  const showBar = (label: string, done: number, total: number, details: string): void => {
    if (bar?.label !== label) {
      endBar();
      const shown = new SingleBar(
        {
          stream,
          hideCursor: true,
          format: `${label} [{bar}] {percentage}% · {details}`,
          barsize: 30,
        },
        Presets.legacy,
      );
      shown.start(total, 0, { details: '' });
      bar = { label, shown };
    }
    // The log grows while it is read.
    bar.shown.setTotal(total);
    bar.shown.update(done, { details });
    if (done >= total) endBar();
  };

  const showLine = (label: string, done: number, total: number | undefined, details: string): void => {
    const complete = total !== undefined && done >= total;
    const isNew = lastLine.label !== label;
    if (!isNew && (lastLine.complete || (!complete && Date.now() - lastLine.at < LINE_EVERY_MS))) return;
    lastLine = { label, at: Date.now(), complete };
    const percent = total === undefined || total === 0 ? '' : ` ${Math.floor((100 * done) / total)} %`;
    stream.write(`${label}:${percent} ${details}\n`);
  };

  return {
    end: endBar,
    line: (text) => {
      endBar();
      stream.write(`${text}\n`);
    },
    progress: (label, done, total, unit) => {
      if (watched.label !== label) watched = { label, from: done, since: performance.now() };
      const pace = describePace({
        done: done - watched.from,
        left: total === undefined ? undefined : total - done,
        elapsedMs: performance.now() - watched.since,
        unit,
      });
      const details = [amount(done, total, unit), pace].filter((part) => part !== '').join(' · ');
      if (stream.isTTY === true && total !== undefined && total > 0) showBar(label, done, total, details);
      else showLine(label, done, total, details);
    },
  };
}

function amount(done: number, total: number | undefined, unit: string | undefined): string {
  if (unit !== undefined) {
    const counted = (things: number): string => things.toLocaleString('en');
    return `${total === undefined ? counted(done) : `${counted(done)}/${counted(total)}`} ${unit}`;
  }
  if ((total ?? done) < MEGABYTE) return total === undefined ? String(done) : `${done}/${total}`;
  const megabytes = (bytes: number): string => (bytes / MEGABYTE).toFixed(1);
  return total === undefined ? `${megabytes(done)} MB` : `${megabytes(done)}/${megabytes(total)} MB`;
}
