import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mongoose, { type mongo } from 'mongoose';
import { silentReporter } from '../../src/config/reporter.js';
import { dataFolder } from '../../src/database/embedded/data-folder.js';
import { findMongod } from '../../src/database/embedded/find-mongod.js';
import { acceptsConnections, chooseFreePort } from '../../src/database/embedded/free-port.js';
import { SetNode } from './set-node.js';

/** A replica set of three real servers on this machine, with access control, whose members can be broken. */
export interface ThreeNodeSet {
  /** Connection string of `root` that names all three: for `createTestDatabase` and `createTestLog`. */
  readonly rootUri: string;
  readonly nodes: readonly SetNode[];
  /** The member that is primary for a majority; waits until there is one. `not` is one that it must not be. */
  primary(not?: SetNode): Promise<SetNode>;
  /** The members that are not primary, in no particular order. */
  secondaries(): Promise<SetNode[]>;
  /**
   * Keeps everything written from now on from reaching a majority: the primary goes on, and nothing it stores is
   * confirmed. Resolves when no secondary copies anything any more. Returns how to end it.
   */
  withholdMajority(): Promise<() => Promise<void>>;
  /**
   * Has a member fail the next `times` commands of these names that come from the service, in the way `data` says
   * (MongoDB's fail point `failCommand`). Resolves when they have failed, or when none comes for three seconds.
   */
  failCommands(
    node: SetNode,
    commands: readonly string[],
    data: mongo.Document,
    times: number,
  ): Promise<void>;
  /** Ends all three and removes their data. */
  stop(): Promise<void>;
}

const SET = 'three';
/** As which the service connects. */
const SERVICE_NAME = 'family-accounts';
/** Short, so that a failover takes a few seconds; long enough for a machine with two busy cores. */
const ELECTION_TIMEOUT_MS = 2_000;
const PATIENCE_MS = 30_000;
const NO_MORE_COMMANDS_AFTER_MS = 3_000;

/** Starts the set, in about four seconds. Call `stop` in `afterAll`. */
export async function startThreeNodeSet(): Promise<ThreeNodeSet> {
  const { binary } = await findMongod({
    folder: dataFolder(tmpdir()),
    chosen: process.env.MONGOD_BINARY,
    env: process.env,
    reporter: silentReporter,
  });
  const folder = await mkdtemp(join(tmpdir(), 'family-accounts-three-nodes-'));
  const key = randomBytes(48).toString('hex');
  const keyFile = join(folder, 'key');
  await writeFile(keyFile, key, { mode: 0o600 });
  // A free port is nobody's until it is listened on, and may be given twice.
  const ports = new Set<number>();
  while (ports.size < 3) ports.add(await chooseFreePort());
  const nodes = [...ports].map(
    (port, id) => new SetNode({ id, port, folder, binary, keyFile, replicaSet: SET }),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.kill()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(nodes.map((node) => node.start()));
    const hosts = nodes.map(({ host }) => host).join(',');
    await bringUp(nodes, key);
    const rootUri = `mongodb://root:${key}@${hosts}/admin?replicaSet=${SET}`;
    return { rootUri, nodes, stop, ...observing(nodes, key) };
  } catch (error) {
    await stop();
    throw error;
  }
}

function observing(
  nodes: readonly SetNode[],
  password: string,
): Pick<ThreeNodeSet, 'primary' | 'secondaries' | 'withholdMajority' | 'failCommands'> {
  const on = <T>(node: SetNode, work: (admin: mongo.Db) => Promise<T>): Promise<T> =>
    onNode(`root:${password}`, 'admin', node, work);

  const primary = (not?: SetNode): Promise<SetNode> =>
    patiently('There is no primary', async () => {
      for (const node of nodes.filter((one) => one !== not && one.isRunning)) {
        // One that was stopped may believe that it still is: its majority has to confirm it.
        const confirmed = await on(node, (admin) =>
          admin.command({ appendOplogNote: 1, data: {}, writeConcern: { w: 'majority', wtimeout: 2_000 } }),
        ).catch(() => null);
        if (confirmed?.['ok'] === 1) return node;
      }
      return null;
    });
  const secondaries = async (): Promise<SetNode[]> => {
    const first = await primary();
    return nodes.filter((node) => node !== first);
  };
  return {
    primary,
    secondaries,
    failCommands: (node, commands, data, times) =>
      on(node, async (admin) => {
        const point = { configureFailPoint: 'failCommand' };
        const { count } = await admin.command({
          ...point,
          mode: { times },
          data: { failCommands: commands, appName: SERVICE_NAME, ...data },
        });
        const timesEntered = Number(count) + times;
        await admin
          .command({ waitForFailPoint: 'failCommand', timesEntered, maxTimeMS: NO_MORE_COMMANDS_AFTER_MS })
          .catch(() => undefined);
        await admin.command({ ...point, mode: 'off' });
      }),
    withholdMajority: async () => {
      const stopped = (await secondaries()).filter(({ isRunning }) => isRunning);
      const setFailPoint = (node: SetNode, mode: 'alwaysOn' | 'off'): Promise<mongo.Document> =>
        on(node, (admin) => admin.command({ configureFailPoint: 'stopReplProducer', mode }));
      await Promise.all(
        stopped.map(async (node) => {
          const { count } = await setFailPoint(node, 'alwaysOn');
          const timesEntered = Number(count) + 1;
          await on(node, (admin) =>
            admin.command({ waitForFailPoint: 'stopReplProducer', timesEntered, maxTimeMS: PATIENCE_MS }),
          );
        }),
      );
      return async () => {
        await Promise.all(
          stopped.filter(({ isRunning }) => isRunning).map((node) => setFailPoint(node, 'off')),
        );
      };
    },
  };
}

/** Makes one replica set of three empty servers, and `root`; resolves when every member is up to date. */
async function bringUp(nodes: readonly SetNode[], key: string): Promise<void> {
  const [first] = nodes;
  if (first === undefined) throw new RangeError('A replica set has members');
  await patiently('A member takes no connections', async () =>
    (await Promise.all(nodes.map(({ port }) => acceptsConnections(port)))).every(Boolean) ? true : null,
  );
  // The members' own user may everything before there is any other.
  await onNode(`__system:${key}`, 'local', first, async (admin) => {
    await admin.command({
      replSetInitiate: {
        _id: SET,
        members: nodes.map(({ host }, id) => ({ _id: id, host })),
        settings: { electionTimeoutMillis: ELECTION_TIMEOUT_MS, heartbeatIntervalMillis: 300 },
      },
    });
    await patiently('The set does not get ready', async () => {
      const { members } = await admin.command({ replSetGetStatus: 1 });
      const states = (members as { stateStr: string }[]).map(({ stateStr }) => stateStr);
      return states.every((state) => ['PRIMARY', 'SECONDARY'].includes(state)) && states.includes('PRIMARY')
        ? true
        : null;
    });
  });
  await patiently('No primary takes root', async () => {
    for (const node of nodes) {
      const made = await onNode(`__system:${key}`, 'local', node, (admin) =>
        admin.command({ createUser: 'root', pwd: key, roles: ['root'], writeConcern: { w: 3 } }),
      ).catch(() => null);
      if (made !== null) return node;
    }
    return null;
  });
}

/** Runs `work` on a connection to this one member, whatever its state. */
async function onNode<T>(
  credentials: string,
  authSource: string,
  { host }: SetNode,
  work: (admin: mongo.Db) => Promise<T>,
): Promise<T> {
  const client = new mongoose.mongo.MongoClient(
    `mongodb://${credentials}@${host}/?authSource=${authSource}&directConnection=true`,
    { serverSelectionTimeoutMS: 3_000, connectTimeoutMS: 2_000 },
  );
  try {
    return await work(client.db('admin'));
  } finally {
    await client.close();
  }
}

async function patiently<T>(problem: string, look: () => Promise<T | null>): Promise<T> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > until) throw new Error(`${problem} after ${PATIENCE_MS} ms`);
    await sleep(50);
  }
}
