import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { EmbeddedMongod } from '../src/database/embedded/start-embedded.js';

type StartEmbedded = typeof import('../src/database/embedded/start-embedded.js');
type EmbeddedStatus = typeof import('../src/database/embedded/embedded-status.js');
type TerminalReporter = typeof import('../src/config/terminal-reporter.js');

/** What teardown needs of this run; both run in one process. */
export interface SharedMongod {
  readonly dataDir: string;
  readonly mongod: EmbeddedMongod;
}

const ROOT = resolve(import.meta.dirname, '..');
const FOLDER_PREFIX = 'family-accounts-test-run-';
/** Named again in global-teardown.ts. */
const SHARED = Symbol.for('family-accounts.test.shared-mongod');

/**
 * Builds what child processes of the tests run, and starts the one real MongoDB that the tests share
 * (`TEST_ROOT_URI`); each test takes databases of its own in it.
 */
export default async function globalSetup(): Promise<void> {
  buildIfStale();
  const { startEmbedded }: StartEmbedded = await fromDist('database/embedded/start-embedded.js');
  const { terminalReporter }: TerminalReporter = await fromDist('config/terminal-reporter.js');
  await removeLeftovers();
  const dataDir = await mkdtemp(join(tmpdir(), FOLDER_PREFIX));
  const mongod = await startEmbedded({ dataDir, env: process.env, reporter: terminalReporter() });
  process.env.TEST_ROOT_URI = mongod.rootUri;
  const shared: SharedMongod = { dataDir, mongod };
  Reflect.set(globalThis, SHARED, shared);
}

function fromDist<T>(path: string): Promise<T> {
  // A path, not a URL: Jest loads this file as CommonJS, where import() is require().
  return import(join(ROOT, 'dist', path)) as Promise<T>;
}

function buildIfStale(): void {
  const stamp = join(ROOT, 'dist', '.build-stamp');
  const builtAt = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  if (newestSource() < builtAt) return;
  const began = new Date();
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const project = join(ROOT, 'tsconfig.build.json');
  const built = spawnSync(process.execPath, [tsc, '-p', project, '--noEmitOnError', 'false'], {
    encoding: 'utf8',
  });
  if (!existsSync(join(ROOT, 'dist', 'database', 'embedded', 'start-embedded.js'))) {
    throw new Error(`The build failed:\n${built.stdout}${built.stderr}`);
  }
  if (built.status !== 0)
    process.stderr.write(`The build has errors; its output is used all the same:\n${built.stdout}\n`);
  writeFileSync(stamp, `${began.toISOString()}\n`);
}

/** The newest change below src/, folders included: a removed file counts too. */
function newestSource(): number {
  const source = join(ROOT, 'src');
  const paths = readdirSync(source, { recursive: true, encoding: 'utf8' });
  return Math.max(...paths.map((path) => statSync(join(source, path)).mtimeMs));
}

/** A run that was killed leaves its server and its folder: both are of no use to anyone. */
async function removeLeftovers(): Promise<void> {
  const { stopEmbedded }: StartEmbedded = await fromDist('database/embedded/start-embedded.js');
  const { embeddedStatus }: EmbeddedStatus = await fromDist('database/embedded/embedded-status.js');
  const reporter = { line: () => undefined, progress: () => undefined };
  for (const name of (await readdir(tmpdir())).filter((entry) => entry.startsWith(FOLDER_PREFIX))) {
    const dataDir = join(tmpdir(), name);
    const { running, users } = await embeddedStatus(dataDir);
    if (!running || users.length > 0) continue;
    // Another run may have begun to use it since, or may be removing it right now.
    const stopped = await stopEmbedded(dataDir, reporter).catch(() => false);
    if (stopped) await rm(dataDir, { recursive: true, force: true });
  }
}
