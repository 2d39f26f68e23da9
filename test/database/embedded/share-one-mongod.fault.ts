import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chooseFreePort } from '../../../src/database/embedded/free-port.js';
import { startEmbedded } from '../../../src/database/embedded/start-embedded.js';
import { embeddedHolder, type EmbeddedHolder } from '../../support/embedded-holder.js';
import { embeddedOptions } from '../../support/embedded-options.js';
import { embeddedStatus } from '../../support/embedded-status.js';
import { recordingReporter } from '../../support/recording-reporter.js';
import { reaches, START_POINTS } from '../../support/start-points.js';
import { testDataDir } from '../../support/test-data-dir.js';
import { withMongoClient } from '../../support/with-mongo-client.js';

describe('one mongod for all processes of an installation', () => {
  let folder: Awaited<ReturnType<typeof testDataDir>>;
  const holders: EmbeddedHolder[] = [];
  const hold = (env?: NodeJS.ProcessEnv): EmbeddedHolder => {
    const holder = embeddedHolder(folder.path, env);
    holders.push(holder);
    return holder;
  };
  beforeEach(async () => (folder = await testDataDir()));
  afterEach(async () => {
    await Promise.all(holders.splice(0).map((holder) => holder.kill()));
    await folder.remove();
  });

  const write = (uri: string, name: string): Promise<unknown> =>
    withMongoClient(uri, (client) =>
      client
        .db('kept')
        .collection('names')
        .insertOne({ name }, { writeConcern: { w: 'majority' } }),
    );
  const names = (uri: string): Promise<unknown[]> =>
    withMongoClient(uri, (client) => client.db('kept').collection('names').distinct('name'));

  it('starts a single server for processes that begin at once on a new folder', async () => {
    const started = await Promise.all([hold(), hold(), hold()].map((holder) => holder.ready));
    expect(new Set(started.map(({ pid }) => pid)).size).toBe(1);
    expect(new Set(started.map(({ rootUri }) => rootUri)).size).toBe(1);
    expect(started.filter(({ adopted }) => !adopted)).toHaveLength(1);
  });

  it('stops with the last process out, not with the one that started it', async () => {
    const [first, second] = [hold(), hold()];
    const [{ pid }, joined] = await Promise.all([first.ready, second.ready]);
    expect(joined.pid).toBe(pid);
    await first.release();
    expect(await embeddedStatus(folder.path)).toMatchObject({ running: true, pid, users: [second.pid] });
    await write(joined.rootUri, 'Rossi');
    await second.release();
    expect(await embeddedStatus(folder.path)).toMatchObject({ running: false, users: [] });
  });

  it('adopts the server that a killed process left running, and stops it in the end', async () => {
    const first = hold();
    const { pid, rootUri } = await first.ready;
    await write(rootUri, 'Rossi');
    await first.kill();
    expect(await embeddedStatus(folder.path)).toMatchObject({ running: true, pid, users: [] });

    const reporter = recordingReporter();
    const mongod = await startEmbedded(embeddedOptions(folder.path, {}, reporter));
    expect(mongod).toMatchObject({ pid, adopted: true, rootUri });
    expect(reporter.lines).toEqual([
      expect.stringContaining('Adopted the MongoDB left running by a process that has ended'),
    ]);
    expect(await names(mongod.rootUri)).toEqual(['Rossi']);
    await mongod.release();
    expect((await embeddedStatus(folder.path)).running).toBe(false);
  });

  it('leaves a process alone that merely has the id of a server that was killed', async () => {
    const first = hold();
    const { pid } = await first.ready;
    await first.kill();
    process.kill(pid, 'SIGKILL');
    await sleep(100);
    // The id in MongoDB's lock file now belongs to a process that has nothing to do with it: this one.
    await writeFile(join(folder.path, 'mongodb/mongod.lock'), `${process.pid}\n`);
    const mongod = await startEmbedded(embeddedOptions(folder.path));
    expect(mongod.adopted).toBe(false);
    await mongod.release();
  });

  it('stops a server left behind that does not answer to the key file on disk, and starts one that does', async () => {
    const first = hold();
    const { pid, rootUri } = await first.ready;
    await write(rootUri, 'Rossi');
    await first.kill();
    await writeFile(join(folder.path, 'secrets/mongod-keyfile'), `${'k'.repeat(128)}\n`);
    const reporter = recordingReporter();
    const mongod = await startEmbedded(embeddedOptions(folder.path, {}, reporter));
    expect(mongod.pid).not.toBe(pid);
    expect(reporter.lines[0]).toMatch(
      new RegExp(`^Stopping the MongoDB left behind \\(process ${pid}\\): .*another key file`),
    );
    expect(await names(mongod.rootUri)).toEqual(['Rossi']);
    await mongod.release();
  });

  it('goes on where a process was killed while it started MongoDB', async () => {
    const turns = join(folder.path, 'mongod.starting');
    await mkdir(turns);
    // The name of a process with our id that started at another time.
    await writeFile(join(turns, `${process.pid}.${Buffer.from('long ago').toString('base64url')}.00`), '1\n');
    const reporter = recordingReporter();
    const mongod = await startEmbedded(embeddedOptions(folder.path, {}, reporter));
    expect(reporter.lines[0]).toBe(
      `Process ${process.pid} ended while it was starting or stopping MongoDB; going on`,
    );
    await mongod.release();
    expect(await readdir(folder.path)).not.toContain('mongod.starting');
  });

  it.each(START_POINTS)('finishes a first start that was killed when it %s', async (point) => {
    const first = hold();
    await reaches(folder.path, point);
    await first.kill();
    const mongod = await startEmbedded(embeddedOptions(folder.path));
    await write(mongod.rootUri, 'Rossi');
    await mongod.release();
    expect((await embeddedStatus(folder.path)).running).toBe(false);
  });

  it('finishes a first start whose server was killed too, even on another port', async () => {
    for (const point of [
      'has a server that locks the folder',
      'has asked for a replica set',
      'has a primary',
    ] as const) {
      const first = hold();
      await reaches(folder.path, point);
      await first.kill();
      const { pid } = await embeddedStatus(folder.path);
      if (pid === undefined) throw new Error('There is no server');
      process.kill(pid, 'SIGKILL');
    }
    const port = String(await chooseFreePort());
    const mongod = await startEmbedded(embeddedOptions(folder.path, { MONGOD_PORT: port }));
    await write(mongod.rootUri, 'Rossi');
    await mongod.release();
  });

  it.each([
    ['a program that works on its files', process.execPath, (dbPath: string) => [dbPath]],
    ['a program told its dbPath', process.execPath, (dbPath: string) => ['--dbpath', dbPath]],
  ])('never signals %s, whose id is that of a server that was killed', async (_, program, files) => {
    await (await startEmbedded(embeddedOptions(folder.path))).release();
    const idle = ['-e', 'setInterval(() => undefined, 1000)', '--'];
    const dbPath = join(folder.path, 'mongodb');
    const other = spawn(program, [...idle, ...files(dbPath)], { stdio: 'ignore' });
    await once(other, 'spawn');
    try {
      await writeFile(join(dbPath, 'mongod.lock'), `${other.pid}\n`);
      const mongod = await startEmbedded(embeddedOptions(folder.path));
      expect(mongod.adopted).toBe(false);
      await mongod.release();
      expect([other.exitCode, other.signalCode]).toEqual([null, null]);
    } finally {
      other.kill('SIGKILL');
    }
  });
});
