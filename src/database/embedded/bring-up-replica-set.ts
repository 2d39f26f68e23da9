import mongoose, { type mongo } from 'mongoose';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserFacingError } from '../../config/user-facing-error.js';
import type { DataFolder } from './data-folder.js';
import type { EmbeddedSecrets } from './embedded-secrets.js';
import { acceptsConnections } from './free-port.js';
import { REPLICA_SET } from './spawn-mongod.js';

const POLL_MS = 20;
const AUTHENTICATION_FAILED = 18;
const USER_ALREADY_EXISTS = 51003;

/** The wait for a server to get ready was broken off: its process ended, or time ran out. */
export class NotReady extends Error {
  constructor(readonly lastProblem: unknown) {
    super('MongoDB did not get ready', { cause: lastProblem });
    this.name = 'NotReady';
  }
}

/** Connection string of `root`, for this port. */
export function rootUri(port: number, secrets: EmbeddedSecrets): string {
  const password = encodeURIComponent(secrets.rootPassword);
  return `mongodb://root:${password}@127.0.0.1:${port}/admin?replicaSet=${REPLICA_SET}&directConnection=true`;
}

/**
 * Makes a server that was just started, or found running, the primary of its one-node replica set on this port,
 * with a `root` user. Whatever of that is already done is left alone, so it also finishes a first start that
 * was cut short anywhere, and follows a port that had to change.
 * @param goOn asked before every try; false ends the wait.
 * @returns the server's version.
 * @throws NotReady when `goOn` said so; UserFacingError when root's password is not that of this data.
 */
export async function bringUpReplicaSet(
  folder: DataFolder,
  options: { port: number; secrets: EmbeddedSecrets; goOn: () => boolean },
): Promise<string> {
  const { port, secrets, goOn } = options;
  let lastProblem: unknown;
  while (!(await acceptsConnections(port))) await pause(goOn, lastProblem);

  // The key file opens the internal user by which members of a replica set trust each other. It may all that is
  // needed here, before there is any other user and while the node is outside its own replica set.
  const key = encodeURIComponent(secrets.key);
  const client = newClient(
    `mongodb://__system:${key}@127.0.0.1:${port}/?authSource=local&directConnection=true`,
  );
  try {
    for (;;) {
      try {
        if (await isPrimary(client, port)) break;
      } catch (error) {
        if (isAuthenticationFailure(error)) throw foreignKey(folder, error);
        lastProblem = error;
      }
      await pause(goOn, lastProblem);
    }
    await ensureRoot(client, secrets);
  } finally {
    await client.close();
  }
  return proveRoot(folder, port, secrets);
}

/** One step towards being primary on this port; true once it is. */
async function isPrimary(client: mongo.MongoClient, port: number): Promise<boolean> {
  const admin = client.db('admin');
  const host = `127.0.0.1:${port}`;
  const hello = await admin.command({ hello: 1 });
  if (hello.isWritablePrimary === true && hello.me === host) return true;
  const config = await client.db('local').collection('system.replset').findOne();
  if (config === null) {
    await admin.command({ replSetInitiate: { _id: REPLICA_SET, members: [{ _id: 0, host }] } });
    return false;
  }
  const members: unknown = config.members;
  const first: unknown = Array.isArray(members) ? members[0] : undefined;
  if (typeof first === 'object' && first !== null && 'host' in first && first.host !== host) {
    const moved = { ...config, version: Number(config.version) + 1, members: [{ ...first, host }] };
    await admin.command({ replSetReconfig: moved, force: true });
  }
  return false;
}

async function ensureRoot(client: mongo.MongoClient, secrets: EmbeddedSecrets): Promise<void> {
  const admin = client.db('admin');
  const { users }: { users?: unknown } = await admin.command({ usersInfo: 'root' });
  if (Array.isArray(users) && users.length > 0) return;
  try {
    await admin.command({
      createUser: 'root',
      pwd: secrets.rootPassword,
      roles: ['root'],
      writeConcern: { w: 'majority' },
    });
  } catch (error) {
    if (!(error instanceof mongoose.mongo.MongoServerError) || error.code !== USER_ALREADY_EXISTS)
      throw error;
  }
}

async function proveRoot(folder: DataFolder, port: number, secrets: EmbeddedSecrets): Promise<string> {
  const client = newClient(rootUri(port, secrets));
  try {
    const { version }: { version?: unknown } = await client.db('admin').command({ buildInfo: 1 });
    return String(version);
  } catch (error) {
    if (!isAuthenticationFailure(error)) throw error;
    throw new UserFacingError(
      `The password of "root" in ${folder.databaseUsers} is not that of the data in ${folder.database}.`,
      {
        remedies: [
          'restore secrets/ from the same backup as mongodb/: they belong together',
          'or set DATA_DIR to another folder',
        ],
        cause: error,
      },
    );
  } finally {
    await client.close();
  }
}

function newClient(uri: string): mongo.MongoClient {
  return new mongoose.mongo.MongoClient(uri, {
    authMechanism: 'SCRAM-SHA-256',
    serverSelectionTimeoutMS: 2_000,
    connectTimeoutMS: 2_000,
    socketTimeoutMS: 10_000,
    maxPoolSize: 1,
    appName: 'family-accounts-start',
  });
}

async function pause(goOn: () => boolean, lastProblem: unknown): Promise<void> {
  if (!goOn()) throw new NotReady(lastProblem);
  await sleep(POLL_MS);
}

function isAuthenticationFailure(error: unknown): boolean {
  return error instanceof mongoose.mongo.MongoServerError && error.code === AUTHENTICATION_FAILED;
}

function foreignKey(folder: DataFolder, cause: unknown): UserFacingError {
  return new UserFacingError(
    `The MongoDB running on ${folder.database} was started with another key file than ${folder.keyFile}.`,
    {
      remedies: ['end that mongod and start again', 'or restore secrets/ from the same backup as mongodb/'],
      cause,
    },
  );
}
