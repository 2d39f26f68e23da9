import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { BenchLog } from './bench-log.js';

/** What the process that rebuilds is started with. */
export interface RebuilderArguments {
  uri: string;
  name: string;
  /** The key-encryption key in base64. */
  kek: string;
}

/** What one rebuild came to. */
export interface Rebuilt {
  seconds: number;
  events: number;
  documents: number;
  /** Nothing was live, or the new generation is the live one byte for byte. */
  isSame: boolean;
  cpuSeconds: number;
  /** The most memory that the process has had so far. */
  peakRssMb: number;
}

/** A process of its own that does nothing but rebuild `families`: its memory is that of rebuilds. */
export interface Rebuilder {
  rebuild(): Promise<Rebuilt>;
  close(): Promise<void>;
}

export async function startRebuilder(
  { uri, kek }: BenchLog,
  name: string,
  nodeOptions: readonly string[] = [],
): Promise<Rebuilder> {
  const started: RebuilderArguments = { uri, name, kek: kek.toString('base64') };
  const child = fork(join(import.meta.dirname, 'rebuild-process.js'), [JSON.stringify(started)], {
    execArgv: [...nodeOptions],
  });
  const exited = once(child, 'exit');
  const answer = (): Promise<unknown[]> =>
    Promise.race([
      once(child, 'message'),
      exited.then(([code]) => Promise.reject(new Error(`The process that rebuilds ended: ${String(code)}`))),
    ]);
  await answer();
  return {
    rebuild: async () => {
      child.send('go');
      const [rebuilt] = await answer();
      return rebuilt as Rebuilt;
    },
    close: async () => {
      child.disconnect();
      await exited;
    },
  };
}
