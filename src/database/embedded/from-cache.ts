import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheEntry, cacheFolder } from './mongod-cache.js';
import type { Candidates, SearchContext } from './mongod-source.js';
import { seriesOf } from './mongod-version.js';

/** The servers downloaded earlier for this platform, newest first. */
export async function fromCache({ env, keep }: SearchContext): Promise<Candidates> {
  const cache = cacheFolder(env);
  const versions = (await readdir(cache).catch(() => []))
    .map((name) => ({ name, version: /^\d+\.\d+\.\d+/.exec(name)?.[0] }))
    .filter(({ name, version }) => version !== undefined && name === cacheEntry(version))
    .map(({ version = '' }) => version)
    .filter((version) => keep === undefined || seriesOf(version) === seriesOf(keep))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  return versions.length > 0
    ? { binaries: versions.map((version) => join(cache, cacheEntry(version), 'mongod')) }
    : {
        none: `${keep === undefined ? 'no MongoDB' : `no MongoDB ${seriesOf(keep)}`} in the cache (${cache})`,
      };
}
