import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const DIST = join(import.meta.dirname, '..', '..', 'dist');
/** A first start makes a whole MongoDB, perhaps on a machine that is busy with other tests. */
const START_WITHIN_MS = 60_000;
const READY = /^ {2}API {8}(http:\S+)$/m;

export interface ServiceOptions {
  dataDir: string;
  /** The server to use; an embedded one where it is left out. */
  mongodbUri?: string;
  env?: Record<string, string>;
}

/** How a process ended: an exit code, or the signal that killed it. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A process of its own. */
export interface RunningProcess {
  readonly pid: number;
  /** Resolves when the process is gone, however it ended. */
  readonly exited: Promise<Exit>;
  /** Everything it has printed and logged so far. */
  output(): string;
  /** Sends the signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<Exit>;
}

/** One that runs `main.js`, as `npm start` does. */
export interface ServiceProcess extends RunningProcess {
  readonly url: string;
}

/** What a process that ran to its end printed, and how it ended. */
export interface Finished extends Exit {
  stdout: string;
  output: string;
}

const running = new Set<{ child: ChildProcess; exited: Promise<Exit> }>();

/**
 * Kills every process that was started here and still runs. Call it in `afterEach`, before the folder and the
 * database go; a file that fails to is cleaned up after its last test.
 */
export async function killProcesses(): Promise<void> {
  await Promise.all(
    [...running].map(({ child, exited }) => {
      child.kill('SIGKILL');
      return exited;
    }),
  );
}
afterAll(killProcesses);

/** Starts the service and waits until it listens. @throws Error with its output where it ends before that. */
export async function startService(options: ServiceOptions): Promise<ServiceProcess> {
  const launched = launch('main.js', [], options);
  const { child, exited, output } = launched;
  const began = Date.now();
  let url: string | undefined;
  const ended = exited.then(() => true);
  while ((url = READY.exec(output())?.[1]) === undefined) {
    const isOver = await Promise.race([ended, sleep(20, false)]);
    if (isOver || Date.now() - began > START_WITHIN_MS) {
      child.kill('SIGKILL');
      throw new Error(`The service did not start:\n${output()}`);
    }
  }
  return { url, ...toRunning(launched) };
}

/** Runs the service until it ends by itself, as a start that is refused does. */
export function runService(options: ServiceOptions): Promise<Finished> {
  return finished(launch('main.js', [], options));
}

/** Starts a command of the command line, for whoever wants to disturb it. */
export function startCommand(args: readonly string[], options: ServiceOptions): RunningProcess {
  return toRunning(launch('cli.js', args, options));
}

/** Runs a command of the command line to its end. */
export function runCommand(args: readonly string[], options: ServiceOptions): Promise<Finished> {
  return finished(launch('cli.js', args, options));
}

type Launched = ReturnType<typeof launch>;

function toRunning({ child, exited, output }: Launched): RunningProcess {
  return {
    pid: child.pid ?? 0,
    exited,
    output,
    kill: (signal) => {
      child.kill(signal);
      return exited;
    },
  };
}

/** The environment of a process of this installation, with nothing of ours that it could mistake for its own. */
export function serviceEnvironment({ dataDir, mongodbUri, env }: ServiceOptions): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    // Where this machine has its MongoDB, if it was told.
    ...(process.env.MONGOD_BINARY === undefined ? {} : { MONGOD_BINARY: process.env.MONGOD_BINARY }),
    PORT: '0',
    LOG_LEVEL: 'warn',
    DATA_DIR: dataDir,
    ...(mongodbUri === undefined ? {} : { MONGODB_URI: mongodbUri }),
    ...env,
  };
}

function launch(program: string, args: readonly string[], options: ServiceOptions) {
  const child = spawn(process.execPath, [join(DIST, program), ...args], {
    env: serviceEnvironment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const exited = once(child, 'close').then(([code, signal]): Exit => {
    running.delete(entry);
    return { code, signal };
  });
  const entry = { child, exited };
  running.add(entry);
  return { child, exited, output: () => output, stdout: () => stdout };
}

async function finished({ exited, output, stdout }: Launched): Promise<Finished> {
  const exit = await exited;
  return { ...exit, stdout: stdout(), output: output() };
}
