import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { EngineTimes } from '../../src/projections/engine.js';
import type { Phase } from '../../src/projections/progress.js';
import type { RebuildReport } from '../../src/projections/rebuild/rebuild.js';
import type { TestProjections } from './test-projections.js';

const PROGRAM = join(import.meta.dirname, 'rebuild-projection.mjs');

/** How a rebuild in another process ended. */
export type RebuildOutcome =
  { is: 'done'; report: RebuildReport } | { is: 'failed'; error: string; message: string };

/** A process of its own that rebuilds a projection, or rolls it back, when it is told to. */
export interface RebuildingProcess {
  /** Resolves when the rebuild has begun. */
  begin(): Promise<void>;
  /** Resolves when the process has stopped itself. */
  readonly stopped: Promise<unknown>;
  /** Null where the process ended before its rebuild did. */
  readonly outcome: Promise<RebuildOutcome | null>;
  signal(signal: NodeJS.Signals): void;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts one; it waits for `begin`. With `stopAt` it stops itself (SIGSTOP) in that phase. */
export async function rebuildingProcess(
  { database, kek }: TestProjections,
  projection: string,
  { work = 'rebuild', times, stopAt }: { work?: 'rebuild' | 'rollback'; times: EngineTimes; stopAt?: Phase },
): Promise<RebuildingProcess> {
  const how = { name: database.name, key: kek.key.toString('base64'), projection, work, times, stopAt };
  const child = spawn(
    process.execPath,
    [PROGRAM, JSON.stringify({ uri: database.uriAs('service'), ...how })],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  // One that was killed cannot be told anything, and need not.
  child.stdin.on('error', () => undefined);
  const exited = once(child, 'exit');
  type Said = RebuildOutcome | { is: 'ready' | 'begun' | 'stopped' };
  const waiting = new Map<string, (said: Said | null) => void>();
  const said = (what: string): Promise<Said | null> =>
    new Promise((resolve) => void waiting.set(what, resolve));
  const heard = { ready: said('ready'), begun: said('begun'), stopped: said('stopped') };
  const outcome = Promise.race([said('done'), said('failed')]) as Promise<RebuildOutcome | null>;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const what = JSON.parse(line) as Said;
    waiting.get(what.is)?.(what);
  });
  lines.on('close', () => {
    for (const resolve of waiting.values()) resolve(null);
  });
  if ((await heard.ready) === null) throw new Error('The process ended before it was ready');
  return {
    stopped: heard.stopped,
    outcome,
    begin: async () => {
      child.stdin.write('go\n');
      await heard.begun;
    },
    signal: (signal) => void child.kill(signal),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
