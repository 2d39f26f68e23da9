import { execFile, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startTestService, testSecrets, type TestService } from './test-service.js';
import { testRootUri } from './test-database.js';

const CLI = resolve(import.meta.dirname, '../../dist/cli.js');

/** What a command printed, and how it ended. */
export interface CliResult {
  code: number;
  out: string;
  err: string;
  /** `out` as one JSON value. @throws SyntaxError */
  json(): ReturnType<typeof JSON.parse>;
}

/** An installation on a server of its own, as its command line sees it, and the service that fills it. */
export interface CliInstallation {
  readonly service: TestService;
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string>>;
  run(args: readonly string[], env?: Record<string, string>): Promise<CliResult>;
  remove(): Promise<void>;
}

/** Makes one: `MONGODB_URI` without credentials, passwords and secrets in the data folder. */
export async function cliInstallation(): Promise<CliInstallation> {
  const secrets = testSecrets();
  const service = await startTestService({ secrets });
  const { database } = service;
  const dataDir = await mkdtemp(join(tmpdir(), 'family-accounts-cli-'));
  const root = new URL(testRootUri());
  await mkdir(join(dataDir, 'secrets'), { mode: 0o700 });
  const write = (name: string, text: string): Promise<void> =>
    writeFile(join(dataDir, 'secrets', name), text, { mode: 0o600 });
  await write(
    'database-users.json',
    JSON.stringify({ ...database.passwords, root: decodeURIComponent(root.password) }),
  );
  await write('family-keys-kek', secrets.keyEncryptionKey.toString('base64'));
  await write('service-secret', secrets.serviceSecret.toString('base64'));
  const server = new URL(database.uriAs('root'));
  server.username = '';
  server.password = '';
  server.searchParams.delete('authSource');
  const env = { DATA_DIR: dataDir, MONGODB_URI: server.href };
  return {
    service,
    dataDir,
    env,
    run: (args, more = {}) => runCli(args, { ...env, ...more }),
    remove: async () => {
      await service.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A command line that runs. */
export interface RunningCli {
  readonly child: ChildProcess;
  readonly result: Promise<CliResult>;
}

/** Runs the built command line in a process of its own, with this environment and nothing else. */
export function runCli(args: readonly string[], env: Record<string, string>): Promise<CliResult> {
  return startCli(args, env).result;
}

/** The same, for tests that do something while it runs. */
export function startCli(args: readonly string[], env: Readonly<Record<string, string>>): RunningCli {
  const { PATH = '', HOME = '' } = process.env;
  const options = { env: { PATH, HOME, ...env }, timeout: 25_000 };
  let child: ChildProcess | undefined;
  const result = new Promise<CliResult>((resolveResult, reject) => {
    child = execFile(process.execPath, [CLI, ...args], options, (error, out, err) => {
      if (error !== null && typeof error.code !== 'number') return reject(new Error(error.message));
      resolveResult({
        code: typeof error?.code === 'number' ? error.code : 0,
        out,
        err,
        json: () => JSON.parse(out),
      });
    });
  });
  return { child: child!, result };
}
