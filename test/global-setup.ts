import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { EmbeddedMongod } from '../src/database/embedded/start-embedded.js';

type Configuration = typeof import('../src/config/configuration.js');
type DataFolder = typeof import('../src/database/embedded/data-folder.js');
type MongodUsers = typeof import('../src/database/embedded/mongod-users.js');
type RunningMongod = typeof import('../src/database/embedded/running-mongod.js');
type StartEmbedded = typeof import('../src/database/embedded/start-embedded.js');
type TerminalReporter = typeof import('../src/config/terminal-reporter.js');

/** What teardown needs of this run; both run in one process. */
export interface SharedMongod {
  readonly dataDir: string;
  readonly mongod: EmbeddedMongod;
}

const ROOT = resolve(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');
/** The folders of this run and of its tests; the number is the process that made them. */
const FOLDER = /^family-accounts-(?:test|bench)-(\d+)-/;
/** Named again in global-teardown.ts. */
const SHARED = Symbol.for('family-accounts.test.shared-mongod');

/**
 * Builds what child processes of the tests run, and starts the one real MongoDB that the tests share
 * (`TEST_ROOT_URI`); each test takes databases of its own in it.
 */
export default async function globalSetup(): Promise<void> {
  await buildIfStale();
  const { loadConfiguration }: Configuration = await fromDist('config/configuration.js');
  const { startEmbedded }: StartEmbedded = await fromDist('database/embedded/start-embedded.js');
  const { terminalReporter }: TerminalReporter = await fromDist('config/terminal-reporter.js');
  await removeLeftovers();
  const dataDir = await mkdtemp(join(tmpdir(), `family-accounts-test-${process.pid}-run-`));
  const { MONGODB_URI: _theirs, ...env } = process.env;
  const configuration = loadConfiguration({ ...env, DATA_DIR: dataDir });
  const mongod = await startEmbedded({ configuration, env, reporter: terminalReporter() });
  process.env.TEST_ROOT_URI = mongod.rootUri;
  const shared: SharedMongod = { dataDir, mongod };
  Reflect.set(globalThis, SHARED, shared);
}

function fromDist<T>(path: string): Promise<T> {
  // A path, not a URL: Jest loads this file as CommonJS, where import() is require().
  return import(join(DIST, path)) as Promise<T>;
}

/**
 * Builds aside and puts the whole in place at once: of two runs that begin together neither finds half of what the
 * other builds, and what does not compile replaces nothing.
 * @throws Error with what the compiler says.
 */
async function buildIfStale(): Promise<void> {
  const stamp = '.build-stamp';
  const builtFrom = existsSync(join(DIST, stamp)) ? statSync(join(DIST, stamp)).mtimeMs : 0;
  if (newestSource() < builtFrom) return;
  // What is edited from now on is newer than this build.
  const began = new Date();
  const draft = `${DIST}.${process.pid}`;
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['-p', join(ROOT, 'tsconfig.build.json'), '--noEmitOnError', '--outDir', draft];
  const built = spawnSync(process.execPath, [tsc, ...options], { encoding: 'utf8' });
  if (built.status !== 0) {
    await rm(draft, { recursive: true, force: true });
    throw new Error(`The build failed:\n${built.stdout}${built.stderr}`);
  }
  writeFileSync(join(draft, stamp), '');
  utimesSync(join(draft, stamp), began, began);
  const replaced = `${draft}.replaced`;
  await rename(DIST, replaced).catch(() => undefined);
  // Another run may have put its own in place this very moment: it is as good.
  await rename(draft, DIST).catch(() => rm(draft, { recursive: true, force: true }));
  await rm(replaced, { recursive: true, force: true });
}

/** The newest change of what is compiled, folders included: a removed file counts too. */
function newestSource(): number {
  const source = join(ROOT, 'src');
  const paths = readdirSync(source, { recursive: true, encoding: 'utf8' }).map((path) => join(source, path));
  const settings = ['tsconfig.json', 'tsconfig.build.json'].map((name) => join(ROOT, name));
  return Math.max(...[...paths, ...settings].map((path) => statSync(path).mtimeMs));
}

/** A run that was killed leaves servers, services that use them, and folders: of no use to anyone. */
async function removeLeftovers(): Promise<void> {
  const { dataFolder }: DataFolder = await fromDist('database/embedded/data-folder.js');
  const { listUsers }: MongodUsers = await fromDist('database/embedded/mongod-users.js');
  const { findRunningMongod, stopMongod }: RunningMongod = await fromDist(
    'database/embedded/running-mongod.js',
  );
  for (const name of await readdir(tmpdir())) {
    const owner = FOLDER.exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    const folder = dataFolder(join(tmpdir(), name));
    for (const pid of await listUsers(folder)) endProcess(pid);
    const state = await findRunningMongod(folder);
    // Another run may be removing it right now.
    if (state !== undefined && 'running' in state)
      await stopMongod(folder, state.running.process).catch(() => undefined);
    await rm(folder.root, { recursive: true, force: true });
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
