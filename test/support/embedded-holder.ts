import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAM = join(import.meta.dirname, 'hold-embedded.mjs');

export interface HeldMongod {
  readonly port: number;
  readonly pid: number;
  readonly adopted: boolean;
  readonly rootUri: string;
  readonly version: string;
  readonly lines: readonly string[];
}

export interface EmbeddedHolder {
  readonly pid: number;
  /** Resolves once the process has its MongoDB; rejects with its message when it could not get one. */
  readonly ready: Promise<HeldMongod>;
  release(): Promise<void>;
  kill(): Promise<void>;
}

/** Starts a process of its own that holds the embedded MongoDB of a folder, as the service would. */
export function embeddedHolder(dataDir: string, env: NodeJS.ProcessEnv = {}): EmbeddedHolder {
  const child = spawn(process.execPath, [PROGRAM, dataDir], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const ready = (async (): Promise<HeldMongod> => {
    for await (const line of createInterface({ input: child.stdout })) {
      const answer: HeldMongod | { failed: string } = JSON.parse(line);
      if ('failed' in answer) throw new Error(answer.failed);
      return answer;
    }
    throw new Error('The process ended without a word');
  })();
  // A test that kills the process on purpose need not wait for it.
  ready.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    ready,
    release: async () => {
      child.stdin.end();
      await ended;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
