import { dataFolder } from '../../src/database/embedded/data-folder.js';
import { listUsers } from '../../src/database/embedded/mongod-users.js';
import { findRunningMongod, stopMongod } from '../../src/database/embedded/running-mongod.js';

/** Stops an embedded MongoDB that a test left behind, unless a living process uses it. */
export async function stopEmbedded(dataDir: string): Promise<void> {
  const folder = dataFolder(dataDir);
  const state = await findRunningMongod(folder);
  if (state === undefined || !('running' in state)) return;
  if ((await listUsers(folder)).length > 0) return;
  await stopMongod(folder, state.running.process);
}
