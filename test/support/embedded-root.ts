import type { mongo } from 'mongoose';
import { readDatabaseUsers } from '../../src/config/database-users.js';
import { embeddedStatus } from './embedded-status.js';
import { withMongoClient } from './with-mongo-client.js';

/** Runs `work` as `root` of the embedded MongoDB of this folder, which has to be running. */
export async function withEmbeddedRoot<T>(
  dataDir: string,
  work: (client: mongo.MongoClient) => Promise<T>,
): Promise<T> {
  const { port } = await embeddedStatus(dataDir);
  const password = encodeURIComponent((await readDatabaseUsers(dataDir))['root'] ?? '');
  return withMongoClient(`mongodb://root:${password}@127.0.0.1:${port}/?directConnection=true`, work);
}
