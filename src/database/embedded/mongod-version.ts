import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { errorMessage } from '../../config/error-facts.js';
import { OLDEST_MAJOR } from '../suitable-server.js';

const run = promisify(execFile);
const PROBE_MS = 10_000;

/** Outcome of trying a binary: usable, or a clause saying why not. */
export type Probe = { readonly version: string } | { readonly refused: string };

/**
 * Runs `mongod --version`: a binary of another platform, without its libraries or for a newer processor shows
 * itself here rather than at start.
 * @param series only this major.minor is accepted, when given.
 */
export async function probeMongod(binary: string, series?: string): Promise<Probe> {
  let output: string;
  try {
    ({ stdout: output } = await run(binary, ['--version'], { timeout: PROBE_MS, killSignal: 'SIGKILL' }));
  } catch (error) {
    return { refused: `${binary} does not run: ${reason(error)}` };
  }
  const version = /db version v(\d+\.\d+\.\d+)/.exec(output)?.[1];
  if (version === undefined) return { refused: `${binary} does not say which MongoDB it is` };
  if (Number(version.split('.')[0]) < OLDEST_MAJOR) {
    return { refused: `${binary} is MongoDB ${version}; ${OLDEST_MAJOR}.0 or newer is needed` };
  }
  if (series !== undefined && seriesOf(version) !== series) {
    return { refused: `${binary} is MongoDB ${version}; this data folder belongs to MongoDB ${series}` };
  }
  return { version };
}

/** Major and minor number, `6.0`: data files of one series are not opened with another. */
export function seriesOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

function reason(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  if ('signal' in error && error.signal === 'SIGILL')
    return 'this processor lacks instructions it needs (AVX)';
  const complaint = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  return (complaint || errorMessage(error)).split('\n')[0] ?? '';
}
