import { Presets, SingleBar } from 'cli-progress';
import type { Reporter } from './reporter.js';

/** Without a terminal, progress is a line now and then: in files and logs every line stays. */
const LINE_EVERY_MS = 5_000;
const MEGABYTE = 1_000_000;

/**
 * Reports to a stream: a progress bar on one line where it is a terminal, occasional lines where it is not.
 * @param stream standard error unless told otherwise, so that what a command prints stays clean.
 */
export function terminalReporter(
  stream: NodeJS.WritableStream & { isTTY?: boolean } = process.stderr,
): Reporter {
  let bar: { readonly label: string; readonly shown: SingleBar } | undefined;
  let lastLine = { label: '', at: 0, complete: false };

  const endBar = (): void => {
    bar?.shown.stop();
    bar = undefined;
  };

  const showBar = (label: string, done: number, total: number): void => {
    if (bar?.label !== label) {
      endBar();
      const shown = new SingleBar(
        {
          stream,
          hideCursor: true,
          format: `${label} [{bar}] {percentage}% · {amount}`,
          barsize: 30,
        },
        Presets.legacy,
      );
      shown.start(total, 0, { amount: '' });
      bar = { label, shown };
    }
    bar.shown.update(done, { amount: amount(done, total) });
    if (done >= total) endBar();
  };

  const showLine = (label: string, done: number, total: number | undefined): void => {
    const complete = total !== undefined && done >= total;
    const isNew = lastLine.label !== label;
    if (!isNew && (lastLine.complete || (!complete && Date.now() - lastLine.at < LINE_EVERY_MS))) return;
    lastLine = { label, at: Date.now(), complete };
    const percent = total === undefined || total === 0 ? '' : ` ${Math.floor((100 * done) / total)} %`;
    stream.write(`${label}:${percent} ${amount(done, total)}\n`);
  };

  return {
    line: (text) => {
      endBar();
      stream.write(`${text}\n`);
    },
    progress: (label, done, total) => {
      if (stream.isTTY === true && total !== undefined && total > 0) showBar(label, done, total);
      else showLine(label, done, total);
    },
  };
}

function amount(done: number, total: number | undefined): string {
  if ((total ?? done) < MEGABYTE) return total === undefined ? String(done) : `${done}/${total}`;
  const megabytes = (bytes: number): string => (bytes / MEGABYTE).toFixed(1);
  return total === undefined ? `${megabytes(done)} MB` : `${megabytes(done)}/${megabytes(total)} MB`;
}
