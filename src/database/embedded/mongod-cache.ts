import { chmod, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { hasErrorCode } from '../../config/error-facts.js';

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
  const staging = await mkdtemp(join(cache, '.staging-'));
  try {
    return await work(staging);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/**
 * Moves a downloaded server into the cache as a whole. Of several processes that do so at once the first wins
 * and the others use its copy.
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
  try {
    await rename(entry, dirname(kept));
  } catch (error) {
    if (!hasErrorCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  }
  return kept;
}
