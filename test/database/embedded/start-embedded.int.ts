import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chooseFreePort } from '../../../src/database/embedded/free-port.js';
import { startEmbedded, type EmbeddedMongod } from '../../../src/database/embedded/start-embedded.js';
import { embeddedOptions } from '../../support/embedded-options.js';
import { embeddedStatus } from '../../support/embedded-status.js';
import { recordingReporter } from '../../support/recording-reporter.js';
import { testDataDir } from '../../support/test-data-dir.js';
import { withMongoClient } from '../../support/with-mongo-client.js';

describe('starting the embedded MongoDB', () => {
  let folder: Awaited<ReturnType<typeof testDataDir>>;
  let reporter: ReturnType<typeof recordingReporter>;
  beforeEach(async () => {
    folder = await testDataDir();
    reporter = recordingReporter();
  });
  afterEach(() => folder.remove());

  const start = (env: NodeJS.ProcessEnv = {}): Promise<EmbeddedMongod> =>
    startEmbedded(embeddedOptions(folder.path, env, reporter));

  const remember = (uri: string, name: string): Promise<unknown> =>
    withMongoClient(uri, (client) =>
      client
        .db('kept')
        .collection('names')
        .insertOne({ name }, { writeConcern: { w: 'majority' } }),
    );

  const remembered = (uri: string): Promise<unknown[]> =>
    withMongoClient(uri, (client) => client.db('kept').collection('names').distinct('name'));

  it('makes a one-node replica set with access control, secrets for its owner alone, and a record of itself', async () => {
    const mongod = await start();
    try {
      expect(mongod.adopted).toBe(false);
      const hello = await withMongoClient(mongod.rootUri, (client) =>
        client.db('admin').command({ hello: 1 }),
      );
      expect(hello).toMatchObject({
        setName: 'family-accounts',
        isWritablePrimary: true,
        hosts: [`127.0.0.1:${mongod.port}`],
      });
      const anonymous = `mongodb://127.0.0.1:${mongod.port}/?directConnection=true`;
      await expect(
        withMongoClient(anonymous, (client) => client.db('kept').collection('names').findOne()),
      ).rejects.toThrow(/requires authentication/);
      expect(JSON.parse(await readFile(join(folder.path, 'mongod.json'), 'utf8'))).toEqual({
        binary: expect.stringContaining('mongod'),
        version: mongod.version,
        port: mongod.port,
      });
      const mode = async (path: string): Promise<number> =>
        (await stat(join(folder.path, path))).mode & 0o777;
      expect(await mode('.')).toBe(0o700);
      expect(await mode('secrets')).toBe(0o700);
      for (const name of await readdir(join(folder.path, 'secrets')))
        expect(await mode(join('secrets', name))).toBe(0o600);
    } finally {
      await mongod.release();
    }
    expect(await embeddedStatus(folder.path)).toMatchObject({
      initialised: true,
      running: false,
      users: [],
      stalePid: undefined,
    });
  });

  it('lets nobody make the first user without the key file', async () => {
    const mongod = await start();
    const parameters = await withMongoClient(mongod.rootUri, (client) =>
      client
        .db('admin')
        .command({ getParameter: 1, enableLocalhostAuthBypass: 1, transactionLifetimeLimitSeconds: 1 }),
    );
    expect(parameters).toMatchObject({
      enableLocalhostAuthBypass: false,
      transactionLifetimeLimitSeconds: 5,
    });
    await mongod.release();
  });

  it('finds data, password and port again after a stop', async () => {
    const first = await start();
    await remember(first.rootUri, 'Rossi');
    await first.release();
    const second = await start();
    expect(second.rootUri).toBe(first.rootUri);
    expect(await remembered(second.rootUri)).toEqual(['Rossi']);
    await second.release();
  });

  it('recovers every acknowledged write after kill -9 of mongod', async () => {
    const first = await start();
    await remember(first.rootUri, 'Rossi');
    process.kill(first.pid, 'SIGKILL');
    const second = await start();
    expect(second.adopted).toBe(false);
    expect(reporter.lines).toContainEqual(
      expect.stringContaining(`process ${first.pid}) ended without closing its files`),
    );
    expect(await remembered(second.rootUri)).toEqual(['Rossi']);
    await second.release();
    await first.release();
  });

  it('moves to another port, and says so, when the remembered one is taken', async () => {
    const first = await start();
    await remember(first.rootUri, 'Rossi');
    await first.release();
    await withTakenPort(first.port, async () => {
      const second = await start();
      expect(second.port).not.toBe(first.port);
      expect(reporter.lines).toContain(
        `Port ${first.port} of MongoDB is taken by another program; using ${second.port}`,
      );
      expect(await remembered(second.rootUri)).toEqual(['Rossi']);
      await second.release();
    });
  });

  it('leaves a remembered port to the service where PORT names it', async () => {
    const first = await start();
    await first.release();
    const second = await start({ PORT: String(first.port) });
    expect(second.port).not.toBe(first.port);
    expect(reporter.lines).toContain(
      `Port ${first.port} of MongoDB is the one of the service now (PORT); using ${second.port}`,
    );
    await second.release();
  });

  it('takes the port of MONGOD_PORT, and refuses to start when that is taken', async () => {
    const first = await start();
    await first.release();
    const port = await chooseFreePort();
    const second = await start({ MONGOD_PORT: String(port) });
    expect(second.port).toBe(port);
    await second.release();
    await withTakenPort(port, () =>
      expect(start({ MONGOD_PORT: String(port) })).rejects.toThrow(
        `Port ${port}, which MongoDB is to listen on, is taken by another program.`,
      ),
    );
  });

  it('shares one server between several uses in one process and stops it with the last', async () => {
    const [first, second] = await Promise.all([start(), start()]);
    expect(second.pid).toBe(first.pid);
    expect([first.adopted, second.adopted].sort()).toEqual([false, true]);
    await first.release();
    await first.release();
    expect((await embeddedStatus(folder.path)).running).toBe(true);
    expect(await remembered(second.rootUri)).toEqual([]);
    await second.release();
    expect((await embeddedStatus(folder.path)).running).toBe(false);
  });

  it.each(['secrets/database-users.json', 'secrets/mongod-keyfile'])(
    'names %s when it was deleted beside existing data, and changes nothing',
    async (lost) => {
      await (await start()).release();
      const before = await readdir(join(folder.path, 'mongodb'));
      await rm(join(folder.path, lost));
      await expect(start()).rejects.toThrow(
        `holds data, but what opens it is missing: ${join(folder.path, lost)}`,
      );
      expect(await readdir(join(folder.path, 'mongodb'))).toEqual(before);
      await expect(stat(join(folder.path, lost))).rejects.toThrow('ENOENT');
    },
  );

  it('says so when the password on disk is not that of the data', async () => {
    await (await start()).release();
    await writeFile(join(folder.path, 'secrets/database-users.json'), '{"root":"another"}');
    await expect(start()).rejects.toThrow('The password of "root"');
    expect((await embeddedStatus(folder.path)).running).toBe(false);
  });

  it('mends a key file that a copy has left readable to others', async () => {
    await (await start()).release();
    await chmod(join(folder.path, 'secrets/mongod-keyfile'), 0o644);
    await (await start()).release();
    expect((await stat(join(folder.path, 'secrets/mongod-keyfile'))).mode & 0o777).toBe(0o600);
  });

  it('keeps the passwords of other users that lie in the same file', async () => {
    const first = await start();
    await first.release();
    const path = join(folder.path, 'secrets/database-users.json');
    const kept = { root: first.rootPassword, service: 'secret of the service' };
    await writeFile(path, JSON.stringify(kept));
    await (await start()).release();
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(kept);
  });

  it('refuses to start on a disk with too little room', async () => {
    await expect(start({ MONGOD_MIN_FREE_MB: '1000000000' })).rejects.toThrow(
      /^Only \d+ MB are free on the disk of .* is not started with less than 1000000000 MB\.$/,
    );
  });

  it.each([
    ['is a file', 'file'],
    ['lies below a file', 'file/below'],
  ])('says so when DATA_DIR %s', async (_, path) => {
    await writeFile(join(folder.path, 'file'), '');
    const dataDir = join(folder.path, path);
    await expect(startEmbedded(embeddedOptions(dataDir))).rejects.toThrow(
      `DATA_DIR is ${dataDir}, which is a file or lies below one; it must be a folder.`,
    );
  });

  it('says so when DATA_DIR cannot be written to', async () => {
    // /sys accepts no new folders from anyone, root included; elsewhere a folder without the right to write does.
    const dataDir = process.platform === 'linux' ? '/sys/family-accounts' : join(folder.path, 'below');
    if (process.platform !== 'linux') await chmod(folder.path, 0o500);
    await expect(startEmbedded(embeddedOptions(dataDir))).rejects.toThrow(
      new RegExp(`^DATA_DIR is ${dataDir}, which this user cannot write to \\((EACCES|EPERM|EROFS)\\)\\.$`),
    );
    await chmod(folder.path, 0o700);
  });

  it('does not start on data whose mongod.json is lost: another version might open it', async () => {
    await (await start()).release();
    await rm(join(folder.path, 'mongod.json'));
    const before = await readdir(join(folder.path, 'mongodb'));
    await expect(start()).rejects.toThrow(
      `holds data, but ${join(folder.path, 'mongod.json')}, which says what MongoDB made it, is missing`,
    );
    expect(await readdir(join(folder.path, 'mongodb'))).toEqual(before);
  });

  it('keeps what it stores out of its log, however slow the operation', async () => {
    const mongod = await start();
    await remember(mongod.rootUri, 'slow@example.org');
    await withMongoClient(mongod.rootUri, async (client) => {
      const names = client.db('kept').collection('names');
      const slow = { name: 'slow@example.org', $where: 'sleep(200) || true' };
      expect(await names.find(slow).toArray()).toHaveLength(1);
      await names.updateOne(slow, { $set: { also: 'slow@example.org' } });
    });
    await mongod.release();
    const log = (await readFile(join(folder.path, 'mongod.log'), 'utf8')).split('\n');
    expect(log.filter((line) => line.includes('slow@example.org'))).toEqual([]);
  });

  it('runs in a process group of its own, where no Ctrl-C reaches it', async () => {
    const mongod = await start();
    const { stdout } = await promisify(execFile)('python3', [
      '-c',
      `import os; print(os.getpgid(${mongod.pid}))`,
    ]);
    expect(Number(stdout)).toBe(mongod.pid);
    await mongod.release();
  });

  it('keeps the secrets of the environment out of the server', async () => {
    if (process.platform !== 'linux') return;
    const mongod = await start({ FAMILY_KEYS_KEK: Buffer.alloc(32).toString('base64') });
    expect(await readFile(`/proc/${mongod.pid}/environ`, 'utf8')).not.toContain('FAMILY_KEYS_KEK');
    await mongod.release();
  });
});

async function withTakenPort(port: number, work: () => Promise<unknown>): Promise<void> {
  // It hangs up on whoever calls, as programs do that speak another protocol.
  const other = createServer((socket) => socket.destroy()).listen({ host: '127.0.0.1', port });
  await once(other, 'listening');
  try {
    await work();
  } finally {
    other.close();
    await once(other, 'close');
  }
}
