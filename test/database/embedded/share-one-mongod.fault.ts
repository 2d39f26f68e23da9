import { setTimeout as sleep } from 'node:timers/promises';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentReporter } from '../../../src/config/reporter.js';
import { embeddedStatus } from '../../../src/database/embedded/embedded-status.js';
import { chooseFreePort } from '../../../src/database/embedded/free-port.js';
import { startEmbedded } from '../../../src/database/embedded/start-embedded.js';
import { embeddedHolder, type EmbeddedHolder } from '../../support/embedded-holder.js';
import { recordingReporter } from '../../support/recording-reporter.js';
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
    const mongod = await startEmbedded({ dataDir: folder.path, env: process.env, reporter });
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
    const mongod = await startEmbedded({ dataDir: folder.path, env: process.env, reporter: silentReporter });
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
    const mongod = await startEmbedded({ dataDir: folder.path, env: process.env, reporter });
    expect(mongod.pid).not.toBe(pid);
    expect(reporter.lines[0]).toMatch(
      new RegExp(`^Stopping the MongoDB left behind \\(process ${pid}\\): .*another key file`),
    );
    expect(await names(mongod.rootUri)).toEqual(['Rossi']);
    await mongod.release();
  });

  it('takes over the start lock of a process that was killed while holding it', async () => {
    await (
      await startEmbedded({ dataDir: folder.path, env: process.env, reporter: silentReporter })
    ).release();
    await writeFile(
      join(folder.path, 'mongod.start-lock'),
      JSON.stringify({ pid: process.pid, startedAt: 'long ago' }),
    );
    const reporter = recordingReporter();
    const mongod = await startEmbedded({ dataDir: folder.path, env: process.env, reporter });
    expect(reporter.lines[0]).toBe(`Took over the start lock of process ${process.pid}, which has ended`);
    await mongod.release();
  });

  // Moments spread over a first start, which takes about 1.5 s from the process's first line of code.
  it.each([250, 350, 450, 550, 650, 750, 850, 950, 1_050, 1_200])(
    'finishes a first start that was killed after %i ms',
    async (ms) => {
      const first = hold();
      await sleep(ms);
      await first.kill();
      const mongod = await startEmbedded({
        dataDir: folder.path,
        env: process.env,
        reporter: silentReporter,
      });
      await write(mongod.rootUri, 'Rossi');
      await mongod.release();
      expect((await embeddedStatus(folder.path)).running).toBe(false);
    },
  );

  it('finishes a first start whose server was killed too, even on another port', async () => {
    for (const ms of [500, 600, 700]) {
      const first = hold();
      await sleep(ms);
      await first.kill();
      const { pid } = await embeddedStatus(folder.path);
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      await sleep(50);
    }
    const mongod = await startEmbedded({
      dataDir: folder.path,
      env: { ...process.env, MONGOD_PORT: String(await chooseFreePort()) },
      reporter: silentReporter,
    });
    await write(mongod.rootUri, 'Rossi');
    await mongod.release();
  });
});
