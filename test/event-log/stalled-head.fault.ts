import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { checkLog } from '../support/check-log.js';
import { MONTH_MS, moveClock } from '../support/move-clock.js';
import { createTestLog, newEmail, registration, type TestLog } from '../support/test-log.js';

const HOLDER = join(import.meta.dirname, '..', 'support', 'hold-head.mjs');
const FREED_WITHIN_MS = 3_000;

describe('a writer that died while it held the head', () => {
  let test: TestLog;
  let holder: ChildProcess;

  beforeEach(async () => {
    test = await createTestLog();
    await test.log.append(registration(newEmail()));
    const { database } = test;
    holder = spawn(process.execPath, [HOLDER, database.uriAs('service'), database.logName], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await said('holding');
  });

  afterEach(async () => {
    holder.kill('SIGKILL');
    const { problems } = await checkLog(test.database.rootClient, test.database.logName);
    await test.close();
    expect(problems).toEqual([]);
  });

  async function said(word: string): Promise<void> {
    if (holder.stdout === null) throw new Error('The holder has no output');
    for (let text = ''; !text.includes(word);) {
      const [chunk] = (await once(holder.stdout, 'data')) as [Buffer];
      text += chunk.toString();
    }
  }

  it('holds up the others for less than three seconds', async () => {
    holder.kill('SIGKILL');
    const began = Date.now();
    const { position } = await test.log.append(registration(newEmail()));
    expect(Date.now() - began).toBeLessThan(FREED_WITHIN_MS);
    expect(position).toBe(2);
  });

  it.each([
    ['back', -MONTH_MS],
    ['forward', MONTH_MS],
  ])('holds up nobody for longer where the clock is set %s a month meanwhile', async (_, byMs) => {
    holder.kill('SIGKILL');
    const began = performance.now();
    const clock = moveClock(() => (performance.now() - began > 500 ? byMs : 0));
    try {
      const { position } = await test.log.append(registration(newEmail()));
      expect(performance.now() - began).toBeLessThan(FREED_WITHIN_MS);
      expect(position).toBe(2);
    } finally {
      clock.restore();
    }
  });

  it('cannot commit any more when it was only asleep', async () => {
    holder.kill('SIGSTOP');
    await test.log.append(registration(newEmail()));
    const answer = said('refused');
    holder.kill('SIGCONT');
    holder.kill('SIGUSR2');
    await answer;
    expect((await test.log.head()).position).toBe(2);
  });
});
