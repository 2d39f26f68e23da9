import { UserFacingError } from '../../config/user-facing-error.js';
import { bringUpReplicaSet, NotReady } from './bring-up-replica-set.js';
import type { DataFolder } from './data-folder.js';
import type { EmbeddedSecrets } from './embedded-secrets.js';
import { readMongodRecord, writeMongodRecord } from './mongod-record.js';
import { listUsers } from './mongod-users.js';
import { findRunningMongod, stopMongod, type RunningMongod } from './running-mongod.js';
import { isAlive } from '../../config/process-identity.js';
import type { Server, StartOptions } from './start-options.js';

const ADOPT_MS = 5_000;

/** Joins the mongod that serves this folder, if it answers to our secrets; stops it if it does not and nobody uses it. */
export async function joinRunningMongod(
  folder: DataFolder,
  secrets: EmbeddedSecrets,
  { configuration: { mongodPort: fixedPort, port: ownPort }, reporter }: StartOptions,
): Promise<Server | undefined> {
  const state = await findRunningMongod(folder);
  if (state === undefined) return undefined;
  if ('stalePid' in state) {
    reporter.line(
      `MongoDB (process ${state.stalePid}) ended without closing its files; it recovers from its journal`,
    );
    return undefined;
  }
  const { running } = state;
  const users = await listUsers(folder);
  const { pid } = running.process;
  const isElsewhere = fixedPort !== undefined && running.port !== fixedPort;
  if (users.length === 0 && (isElsewhere || running.port === ownPort)) {
    const why = isElsewhere ? `MONGOD_PORT is ${fixedPort}` : 'PORT names the same';
    reporter.line(`Stopping the MongoDB left behind on port ${running.port} (process ${pid}): ${why}`);
    await stopMongod(folder, running.process, reporter);
    return undefined;
  }
  try {
    const server = await adopt(folder, secrets, running);
    reporter.line(
      users.length > 0
        ? `Sharing the MongoDB that is running already (process ${pid}, port ${server.port})`
        : `Adopted the MongoDB left running by a process that has ended (process ${pid}, port ${server.port})`,
    );
    return server;
  } catch (error) {
    if (!(await isAlive(running.process))) {
      // It was on its way out when we looked: a killed server keeps its name until its memory is given back.
      reporter.line(`MongoDB (process ${pid}) ended meanwhile; it recovers from its journal`);
      return undefined;
    }
    if (users.length > 0) throw error;
    const why = error instanceof UserFacingError ? error.message : 'it does not answer';
    reporter.line(`Stopping the MongoDB left behind (process ${pid}): ${why}`);
    await stopMongod(folder, running.process, reporter);
    return undefined;
  }
}

async function adopt(folder: DataFolder, secrets: EmbeddedSecrets, running: RunningMongod): Promise<Server> {
  const { port } = running;
  if (port === undefined) throw new UserFacingError('it was started without a port of its own.');
  const until = Date.now() + ADOPT_MS;
  try {
    const version = await bringUpReplicaSet(folder, { port, secrets, goOn: () => Date.now() < until });
    const record = await readMongodRecord(folder.root);
    if (record !== undefined && record.port !== port)
      await writeMongodRecord(folder.root, { ...record, port });
    return { port, version, pid: running.process.pid, adopted: true };
  } catch (error) {
    if (!(error instanceof NotReady)) throw error;
    throw new UserFacingError(
      `The MongoDB of this data folder (process ${running.process.pid}) does not answer.`,
      {
        remedies: [`end process ${running.process.pid} and start again`],
        cause: error,
      },
    );
  }
}
