import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedStatus } from '../support/embedded-status.js';
import { CTRL_C, inATerminal } from '../support/in-a-terminal.js';
import { serviceEnvironment } from '../support/service-process.js';
import { testDataDir } from '../support/test-data-dir.js';

const ROOT = join(import.meta.dirname, '..', '..');

let folder: Awaited<ReturnType<typeof testDataDir>>;

beforeEach(async () => (folder = await testDataDir()));
afterEach(() => folder.remove());

const environment = (): NodeJS.ProcessEnv => serviceEnvironment({ dataDir: folder.path });

const expectStopped = async (): Promise<void> =>
  expect(await embeddedStatus(folder.path)).toMatchObject({ running: false, users: [] });

describe('npm start', () => {
  it('passes SIGTERM on, and ends only when the service and its MongoDB have ended', async () => {
    const npm = spawn('npm', ['start'], { cwd: ROOT, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    for (const stream of [npm.stdout, npm.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
    const ended = once(npm, 'exit');
    while (!printed.includes('Ctrl-C stops it')) {
      if (npm.exitCode !== null) throw new Error(`npm start ended:\n${printed}`);
      await sleep(20);
    }
    npm.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(printed).toContain('Stopped, and every family is on disk');
    await expectStopped();
  }, 60_000);

  it('takes a Ctrl-C, which it and the service both get, for one', async () => {
    const { code, printed } = await inATerminal(['npm', '--prefix', ROOT, 'start'], {
      when: 'Ctrl-C stops it',
      then: CTRL_C,
      env: environment(),
    });
    expect(printed).toContain('Stopped, and every family is on disk');
    expect(printed).not.toContain('Stopped at once');
    expect(code).toBe(0);
    await expectStopped();
  }, 60_000);
});
