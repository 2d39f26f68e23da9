import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { EngineTimes } from '../../../src/projections/engine.js';

/** How a writer is meant to do wrong. */
export type Wrong =
  /** Its commits are acknowledged by the primary alone. */
  | { writeConcern: 1 }
  /** It takes positions outside its transactions, and waits so long before it uses them. */
  | { positionsOutsideMs: number };

/** What writer.mjs is told. */
export interface WriterOptions {
  uri: string;
  name: string;
  /** Base64. */
  kek: string;
  hmacKey: string;
  /** The file to append its notes to, and the one that holds its plan. */
  notes: string;
  plan: string;
  /** Where in its plan it begins, and the ids of commands before that which it asks again. */
  from: number;
  again: readonly string[];
  callers: number;
  /** How long each caller rests after a command, on average. */
  paceMs: number;
  deadlineMs: number;
  /** How far its clock is from everybody else's, in milliseconds. */
  clockMs: number;
  /** Follows the log for the projections, too, or does not. */
  follows: EngineTimes | null;
  wrong?: Wrong;
}

/** What reader.mjs is told. */
export interface ReaderOptions {
  uri: string;
  name: string;
  notes: string;
}

/** A process that takes part in a history. */
export interface HistoryProcess {
  /** Lets a writer begin. */
  begin(): void;
  signal(signal: NodeJS.Signals): void;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when it has ended what it was doing. @throws Error where it fails */
  stop(): Promise<void>;
  /** Resolves when it has come to its end. @throws Error where it fails */
  readonly ended: Promise<void>;
}

const running = new Set<ChildProcess>();

/** Whatever a test that failed has left running, before its database goes. */
function killHistoryProcesses(): void {
  for (const child of running) child.kill('SIGKILL');
}
afterAll(killHistoryProcesses);

/** Resolves when it is connected; it does nothing before `begin`. */
export async function startWriter(options: WriterOptions): Promise<HistoryProcess> {
  return start('writer.mjs', options);
}

/** Resolves when it is connected, and reads from then on. */
export async function startReader(options: ReaderOptions): Promise<HistoryProcess> {
  return start('reader.mjs', options);
}

async function start(program: string, options: WriterOptions | ReaderOptions): Promise<HistoryProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, program), JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  running.add(child);
  // One that was killed cannot be told anything, and need not.
  child.stdin.on('error', () => undefined);
  const gone = once(child, 'exit').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  const ended = gone.then((code) => {
    if (code !== 0) throw new Error(`${program} ended with ${code}`);
  });
  ended.catch(() => undefined);
  const isReady = await Promise.race([once(child.stdout, 'data'), gone.then(() => null)]);
  if (isReady === null) throw new Error(`${program} ended before it was ready`);
  return {
    begin: () => void child.stdin.write('go\n'),
    signal: (signal) => void child.kill(signal),
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
    ended,
  };
}
