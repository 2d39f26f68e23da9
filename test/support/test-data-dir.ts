import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentReporter } from '../../src/config/reporter.js';
import { stopEmbedded } from '../../src/database/embedded/start-embedded.js';

/**
 * A new, empty folder for one test, with the real path it is known by.
 * `remove` stops an embedded MongoDB that the test left behind in it, then deletes it.
 */
export async function testDataDir(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'family-accounts-test-')));
  return {
    path,
    remove: async () => {
      await stopEmbedded(path, silentReporter);
      await rm(path, { recursive: true, force: true });
    },
  };
}
