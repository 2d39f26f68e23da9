import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface SetNodeOptions {
  id: number;
  port: number;
  folder: string;
  binary: string;
  keyFile: string;
  replicaSet: string;
}

/** One member of a replica set: a server process that can be killed, put to sleep and started again. */
export class SetNode {
  readonly port: number;
  readonly host: string;
  private process: ChildProcess | null = null;

  constructor(private readonly options: SetNodeOptions) {
    this.port = options.port;
    this.host = `127.0.0.1:${options.port}`;
  }

  get isRunning(): boolean {
    return this.process !== null;
  }

  /** Starts the server on its data, for the first time or again. It takes connections some moments later. */
  async start(): Promise<void> {
    const { id, port, folder, binary, keyFile, replicaSet } = this.options;
    const data = join(folder, `node-${id}`);
    await mkdir(data, { recursive: true });
    const child = spawn(
      binary,
      [
        ...['--dbpath', data, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'],
        ...['--replSet', replicaSet, '--keyFile', keyFile, '--oplogSize', '64'],
        ...['--logpath', join(folder, `node-${id}.log`), '--logappend', '--wiredTigerCacheSizeGB', '0.25'],
        ...['--setParameter', 'transactionLifetimeLimitSeconds=5'],
        ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
        ...['--setParameter', 'enableLocalhostAuthBypass=false'],
        // Fail points, by which tests hold replication back.
        ...['--setParameter', 'enableTestCommands=1'],
      ],
      { stdio: 'ignore' },
    );
    // Whatever ends this process must not leave a server behind.
    const end = (): void => void child.kill('SIGKILL');
    process.once('exit', end);
    child.once('exit', () => {
      process.off('exit', end);
      if (this.process === child) this.process = null;
    });
    await once(child, 'spawn');
    this.process = child;
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const child = this.process;
    if (child === null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** SIGSTOP: it keeps its connections and answers nothing until `wakeUp`. */
  putToSleep(): void {
    this.process?.kill('SIGSTOP');
  }

  wakeUp(): void {
    this.process?.kill('SIGCONT');
  }
}
