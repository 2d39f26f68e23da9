import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chooseFreePort } from '../../src/database/embedded/free-port.js';
import { testRootUri } from './test-database.js';
import { withMongoClient } from './with-mongo-client.js';

/** A MongoDB without access control: whoever reaches it may do everything. */
export interface OpenMongod {
  /** Without credentials: nobody needs any. */
  readonly uri: string;
  stop(): Promise<void>;
}

/** Starts one of the same version as the shared server, as a replica set of one. */
export async function startOpenMongod(): Promise<OpenMongod> {
  const dbPath = await mkdtemp(join(tmpdir(), 'family-accounts-open-'));
  const port = await chooseFreePort();
  const options = ['--replSet', 'rs0', '--bind_ip', '127.0.0.1', '--wiredTigerCacheSizeGB', '0.25'];
  const mongod = spawn(await sharedBinary(), ['--dbpath', dbPath, '--port', `${port}`, ...options], {
    stdio: 'ignore',
  });
  const ended = once(mongod, 'exit');
  const uri = `mongodb://127.0.0.1:${port}/open?directConnection=true`;
  await withMongoClient(uri, async (client) => {
    const admin = client.db('admin');
    await admin.command({
      replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host: `127.0.0.1:${port}` }] },
    });
    while ((await admin.command({ hello: 1 }))['isWritablePrimary'] !== true) await sleep(50);
  });
  return {
    uri,
    stop: async () => {
      mongod.kill('SIGKILL');
      await ended;
      await rm(dbPath, { recursive: true, force: true });
    },
  };
}

function sharedBinary(): Promise<string> {
  return withMongoClient(testRootUri(), async (client) => {
    const { argv } = await client.db('admin').command({ getCmdLineOpts: 1 });
    return argv[0];
  });
}
