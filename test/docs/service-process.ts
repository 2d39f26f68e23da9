import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { testDataDir } from '../support/test-data-dir.js';

const MAIN = resolve(import.meta.dirname, '../../dist/main.js');

/** The service as `npm start` runs it, on an embedded MongoDB and a data folder of its own. */
export interface ServiceProcess {
  readonly port: number;
  readonly dataDir: string;
  /** Stops it as Ctrl-C does and removes its data; returns its exit code. */
  stop(): Promise<number | null>;
}

/** Starts the service and waits until it says that it is ready. @throws Error with what it said instead */
export async function serviceProcess(): Promise<ServiceProcess> {
  const { path: dataDir, remove } = await testDataDir();
  const { MONGODB_URI: _external, ...env } = process.env;
  const child = spawn(process.execPath, [MAIN], {
    cwd: join(dataDir, '..'),
    env: { ...env, PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');
  const said: string[] = [];
  const port = await new Promise<number>((resolvePort, reject) => {
    const lines = createInterface({ input: child.stderr });
    lines.on('line', (line) => {
      said.push(line);
      const found = /^\s+API\s+http:\/\/127\.0\.0\.1:(\d+)$/.exec(line)?.[1];
      if (found !== undefined) resolvePort(Number(found));
    });
    lines.once('close', () => reject(new Error(`The service ended:\n${said.join('\n')}`)));
  }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  return {
    port,
    dataDir,
    stop: async () => {
      child.kill('SIGINT');
      await ended;
      await remove();
      return child.exitCode;
    },
  };
}
