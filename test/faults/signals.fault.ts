import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { withFileLock } from '../../src/config/file-lock.js';
import { SAME_REQUEST_MS } from '../../src/config/stop-signals.js';
import { embeddedStatus } from '../support/embedded-status.js';
import { CTRL_C, inATerminal } from '../support/in-a-terminal.js';
import { register } from '../support/registering.js';
import {
  killProcesses,
  runCommand,
  serviceEnvironment,
  startCommand,
  startService,
} from '../support/service-process.js';
import { testDataDir } from '../support/test-data-dir.js';

const DIST = join(import.meta.dirname, '..', '..', 'dist');
const MAIN = [process.execPath, join(DIST, 'main.js')];
const CLI = [process.execPath, join(DIST, 'cli.js')];

let folder: Awaited<ReturnType<typeof testDataDir>>;

afterEach(killProcesses);

/** How the server was told to end: the numbers of the signals it got. */
async function signalsOfMongod(): Promise<unknown[]> {
  const log = await readFile(join(folder.path, 'mongod.log'), 'utf8');
  return log
    .split('\n')
    .filter((line) => line.includes('"Received signal"'))
    .map((line) => JSON.parse(line).attr.signal);
}

const SIGTERM = 15;

describe('the service', () => {
  beforeEach(async () => (folder = await testDataDir()));
  afterEach(async () => {
    await killProcesses();
    await folder.remove();
  });

  const inTerminal = (then: string, env: Record<string, string> = {}) =>
    inATerminal(MAIN, {
      when: 'Ctrl-C stops it',
      then,
      env: serviceEnvironment({ dataDir: folder.path, env }),
    });

  it('stops in order at Ctrl-C, which reaches every process of the terminal but MongoDB', async () => {
    const { code, printed } = await inTerminal(CTRL_C);
    expect(code).toBe(0);
    expect(printed).toContain('Ctrl-C: stopping (once more to stop at once)');
    expect(printed).toContain('Stopped, and every family is on disk');
    expect(await signalsOfMongod()).toEqual([SIGTERM]);
    expect(await embeddedStatus(folder.path)).toMatchObject({ running: false, users: [] });
  }, 60_000);

  it.each(['warn', 'trace'])(
    'stops in order when its terminal is closed (LOG_LEVEL=%s)',
    async (level) => {
      const { code, signal } = await inTerminal('close', { LOG_LEVEL: level });
      expect({ code, signal }).toEqual({ code: 0, signal: null });
      expect(await signalsOfMongod()).toEqual([SIGTERM]);
      expect(await embeddedStatus(folder.path)).toMatchObject({ running: false, users: [] });
    },
    60_000,
  );

  it('ends at once at a second signal, with 130, and the next command takes care of what it left', async () => {
    const service = await startService({ dataDir: folder.path });
    // A request that never ends keeps the first signal from being done with.
    const request = connect(Number(new URL(service.url).port), '127.0.0.1');
    request.on('error', () => undefined);
    request.write(
      'POST /v1/families HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    );
    await sleep(200);
    process.kill(service.pid, 'SIGTERM');
    while (!service.output().includes('SIGTERM: stopping')) await sleep(10);
    await sleep(SAME_REQUEST_MS);
    expect(await service.kill('SIGTERM')).toEqual({ code: 130, signal: null });
    request.destroy();
    expect(await embeddedStatus(folder.path)).toMatchObject({ running: true, users: [] });

    expect(await runCommand(['doctor'], { dataDir: folder.path })).toMatchObject({ signal: null });
    expect(await embeddedStatus(folder.path)).toMatchObject({ running: false, users: [] });
  }, 60_000);
});

describe('a command, with the service stopped', () => {
  beforeAll(async () => {
    folder = await testDataDir();
    const service = await startService({ dataDir: folder.path });
    expect(await register(service.url, 'family@example.org')).toMatchObject({ status: 201 });
    await service.kill('SIGTERM');
  }, 60_000);
  afterAll(() => folder.remove());

  const expectStopped = async (): Promise<void> =>
    expect(await embeddedStatus(folder.path)).toMatchObject({ running: false, users: [] });

  it('works on the server it starts, and stops it again', async () => {
    const command = ['events', 'tail', '--json'];
    const { code, stdout } = await runCommand(command, { dataDir: folder.path });
    expect({ code, event: JSON.parse(stdout) as unknown }).toMatchObject({
      code: 0,
      event: { position: 1, type: 'FamilyRegistered' },
    });
    await expectStopped();
  }, 60_000);

  it.each([
    ['Ctrl-C', CTRL_C],
    ['a terminal that is closed', 'close'],
  ])(
    'ends in order at %s while it follows',
    async (_, then) => {
      const command = [...CLI, 'events', 'tail', '--follow'];
      const env = serviceEnvironment({ dataDir: folder.path });
      const { code, signal } = await inATerminal(command, { when: 'FamilyRegistered', then, env });
      expect({ code, signal }).toEqual({ code: 0, signal: null });
      await expectStopped();
    },
    60_000,
  );

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'gives up the server it waits for before it ends at %s',
    async (signal, code) => {
      const before = (await signalsOfMongod()).length;
      const turns = join(folder.path, 'mongod.starting');
      const { command, ended } = await withFileLock(turns, async () => {
        const waiting = startCommand(['claims', 'verify'], { dataDir: folder.path });
        while ((await readdir(turns)).length < 2) await sleep(5);
        return { command: waiting, ended: waiting.kill(signal) };
      });
      expect(await ended).toEqual({ code, signal: null });
      expect(command.output()).not.toMatch(/failure|^\s+at /m);
      expect((await signalsOfMongod()).length - before).toBe(0);
      await expectStopped();
    },
    60_000,
  );

  it('ends without a word where nobody reads what it prints', async () => {
    const [node, cli] = CLI;
    const { stdout, stderr } = await promisify(execFile)(
      'bash',
      ['-c', `"${node}" "${cli}" events tail | true; echo "\${PIPESTATUS[0]}"`],
      { env: serviceEnvironment({ dataDir: folder.path }) },
    );
    expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' });
    await expectStopped();
  }, 60_000);

  it('makes no passwords that the database would not know', async () => {
    const users = join(folder.path, 'secrets/database-users.json');
    const { reader: _lost, ...kept } = JSON.parse(await readFile(users, 'utf8')) as Record<string, string>;
    await writeFile(users, JSON.stringify(kept));
    const { code, output } = await runCommand(['events', 'tail'], { dataDir: folder.path });
    expect(code).toBe(1);
    expect(output).toContain('The password of the database user "reader" is not known here.');
    expect(JSON.parse(await readFile(users, 'utf8'))).toEqual(kept);

    await (await startService({ dataDir: folder.path })).kill('SIGTERM');
    expect(await runCommand(['events', 'tail'], { dataDir: folder.path })).toMatchObject({ code: 0 });
  }, 60_000);
});
