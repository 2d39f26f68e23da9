import type { Reporter } from '../../config/reporter.js';
import { rootUri } from './bring-up-replica-set.js';
import { explainFolderFailure, prepareDataFolder, type DataFolder } from './data-folder.js';
import { embeddedSecrets } from './embedded-secrets.js';
import { joinRunningMongod } from './join-running-mongod.js';
import { listUsers, registerUser, sweepUsers, unregisterUser } from './mongod-users.js';
import { findRunningMongod, stopMongod } from './running-mongod.js';
import { startNewMongod } from './start-new-mongod.js';
import type { StartOptions } from './start-options.js';
import { withStartLock } from './start-lock.js';

/** A running embedded MongoDB, shared by every process of the installation. */
export interface EmbeddedMongod {
  readonly port: number;
  /** Connection string of `root`. */
  readonly rootUri: string;
  readonly rootPassword: string;
  readonly version: string;
  readonly pid: number;
  /** True when it was running already: another process of the installation uses it, or one had left it behind. */
  readonly adopted: boolean;
  /** Ends this use; the last one out stops the server, and waits for it. A second call does nothing. */
  release(): Promise<void>;
}

/**
 * Starts the embedded MongoDB of a data folder, or joins the one that already serves it: a one-node replica set
 * with access control on 127.0.0.1, ready to be written to. Processes that start or stop at the same moment
 * take turns. A first start that was cut short anywhere is finished by the next.
 * @throws UserFacingError for everything a person can mend; nothing that is stored is ever removed.
 */
export async function startEmbedded(options: StartOptions): Promise<EmbeddedMongod> {
  const folder = await prepareDataFolder(options.configuration.dataDir);
  const start = async (): Promise<EmbeddedMongod> => {
    await sweepUsers(folder);
    const secrets = await embeddedSecrets(folder);
    const server =
      (await joinRunningMongod(folder, secrets, options)) ?? (await startNewMongod(folder, secrets, options));
    const registration = await registerUser(folder);
    let released: Promise<void> | undefined;
    return {
      ...server,
      rootUri: rootUri(server.port, secrets),
      rootPassword: secrets.rootPassword,
      release: () => (released ??= release(folder, registration, options.reporter)),
    };
  };
  return underLock(folder, options.reporter, start, options.stop);
}

async function release(folder: DataFolder, registration: string, reporter: Reporter): Promise<void> {
  await underLock(folder, reporter, async () => {
    await unregisterUser(registration);
    await stopUnused(folder, reporter);
  });
}

/** Stops the server unless a living process uses it. Call it under the start lock. */
async function stopUnused(folder: DataFolder, reporter: Reporter): Promise<void> {
  await sweepUsers(folder);
  const state = await findRunningMongod(folder);
  if (state === undefined || !('running' in state)) return;
  if ((await listUsers(folder)).length > 0) return;
  await stopMongod(folder, state.running.process, reporter);
}

async function underLock<T>(
  folder: DataFolder,
  reporter: Reporter,
  work: () => Promise<T>,
  stop?: AbortSignal,
): Promise<T> {
  try {
    return await withStartLock(folder.lock, reporter, work, stop);
  } catch (error) {
    throw explainFolderFailure(folder, error);
  }
}
