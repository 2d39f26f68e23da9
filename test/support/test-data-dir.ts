import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopEmbedded } from './stop-embedded.js';

/**
 * A new, empty folder for one test, with the real path it is known by. Its name holds the process that made it: what a
 * killed run leaves is removed by the next (test/global-setup.ts).
 * `remove` stops an embedded MongoDB that the test left behind in it, then deletes it.
 */
export async function testDataDir(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await realpath(await mkdtemp(join(tmpdir(), `family-accounts-test-${process.pid}-`)));
  return {
    path,
    remove: async () => {
      await stopEmbedded(path);
      await rm(path, { recursive: true, force: true });
    },
  };
}
