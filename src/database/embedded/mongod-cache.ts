import { chmod, copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { hasErrorCode } from '../../config/error-facts.js';
import { isAlive, nameOfThisProcess, processNamedIn } from '../../config/process-identity.js';
import { probeMongod } from './mongod-version.js';

const STAGING = '.staging-';
/** How often others may put theirs in the place of a broken copy before we give up. */
const TRIES = 5;

/** The user's folder for downloaded servers: XDG_CACHE_HOME or ~/.cache, on macOS ~/Library/Caches. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const xdg = env.XDG_CACHE_HOME;
  const home = env.HOME ?? homedir();
  const base =
    xdg !== undefined && isAbsolute(xdg)
      ? xdg
      : process.platform === 'darwin'
        ? join(home, 'Library', 'Caches')
        : join(home, '.cache');
  return join(base, 'family-accounts', 'mongod');
}

/** Name of the folder that one version lies in. */
export function cacheEntry(version: string): string {
  return `${version}-${process.platform}-${process.arch}`;
}

/** Runs `work` in a new folder beside the cached versions, on the same disk, and removes it afterwards. */
export async function withStaging<T>(
  env: NodeJS.ProcessEnv,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const cache = cacheFolder(env);
  await mkdir(cache, { recursive: true, mode: 0o700 });
  const staging = join(cache, `${STAGING}${await nameOfThisProcess()}`);
  await mkdir(staging, { mode: 0o700 });
  try {
    return await work(staging);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Removes what processes that were killed while they downloaded have left behind. */
export async function sweepStaging(env: NodeJS.ProcessEnv): Promise<void> {
  const cache = cacheFolder(env);
  const names = await readdir(cache).catch(() => []);
  for (const name of names.filter((one) => one.startsWith(STAGING))) {
    const maker = processNamedIn(name.slice(STAGING.length));
    if (maker !== undefined && !(await isAlive(maker)))
      await rm(join(cache, name), { recursive: true, force: true });
  }
}

/**
 * Moves a downloaded server into the cache as a whole. Of several processes that do so at once the first wins
 * and the others use its copy; a copy that does not run is replaced.
 * @returns the path of the cached `mongod`.
 */
export async function keepInCache(
  env: NodeJS.ProcessEnv,
  staging: string,
  found: { version: string; mongod: string; license?: string },
): Promise<string> {
  const entry = join(staging, 'entry');
  await mkdir(entry, { mode: 0o755 });
  await rename(found.mongod, join(entry, 'mongod'));
  await chmod(join(entry, 'mongod'), 0o755);
  if (found.license !== undefined) await copyFile(found.license, join(entry, 'LICENSE'));
  const kept = join(cacheFolder(env), cacheEntry(found.version), 'mongod');
  for (let tried = 1; ; tried += 1) {
    try {
      await rename(entry, dirname(kept));
      return kept;
    } catch (error) {
      if (!hasErrorCode(error, 'ENOTEMPTY', 'EEXIST') || tried === TRIES) throw error;
    }
    if ('version' in (await probeMongod(kept))) return kept;
    // Moved and not removed: a process that uses it all the same keeps what it has opened.
    await rename(dirname(kept), join(staging, `replaced-${tried}`)).catch((error: unknown) => {
      if (!hasErrorCode(error, 'ENOENT')) throw error;
    });
  }
}
