import { rm } from 'node:fs/promises';
import type { SharedMongod } from './global-setup.js';

// Only a type is imported: Jest loads this file as CommonJS and does not map .js to .ts there.
const SHARED = Symbol.for('family-accounts.test.shared-mongod');

/** Stops the MongoDB of this run and removes its folder. */
export default async function globalTeardown(): Promise<void> {
  const shared: SharedMongod | undefined = Reflect.get(globalThis, SHARED);
  if (shared === undefined) return;
  await shared.mongod.release();
  await rm(shared.dataDir, { recursive: true, force: true });
}
