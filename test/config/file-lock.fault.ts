import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { withFileLock } from '../../src/config/file-lock.js';
import { testDataDir } from '../support/test-data-dir.js';

const TAKE_TURNS = resolve(import.meta.dirname, '../support/take-turns.mjs');

describe('taking turns under a lock', () => {
  let folder: Awaited<ReturnType<typeof testDataDir>>;
  let lock: string;
  beforeEach(async () => {
    folder = await testDataDir();
    lock = join(folder.path, 'lock');
  });
  afterEach(() => folder.remove());

  const program = (rounds: number, ...dies: string[]): [string, string[]] => [
    process.execPath,
    [TAKE_TURNS, lock, join(folder.path, 'at work'), String(rounds), ...dies],
  ];
  const overlaps = async (rounds: number): Promise<string> =>
    (await promisify(execFile)(...program(rounds))).stdout;

  it('lets one process work at a time, also where others die with their turn or before it', async () => {
    await mkdir(lock);
    await writeFile(join(lock, `999999999.${Buffer.from('never').toString('base64url')}.00`), '');
    const dying = [1, 2, 3].map((rounds) => once(spawn(...program(rounds, 'dies')), 'exit'));
    expect(await Promise.all([overlaps(25), overlaps(25), overlaps(25)])).toEqual(['0', '0', '0']);
    expect((await Promise.all(dying)).map(([, signal]: unknown[]) => signal)).toEqual(
      Array(3).fill('SIGKILL'),
    );
    expect(await readdir(folder.path)).not.toContain('lock');
  });

  it('takes nothing from a process that was stopped with its turn, for however long', async () => {
    const stopped = spawn(process.execPath, [
      ...['--input-type=module', '-e'],
      `import { withFileLock } from '${resolve(import.meta.dirname, '../../dist/config/file-lock.js')}';
       await withFileLock('${lock}', () => { process.stdout.write('mine'); return new Promise((end) => setTimeout(end, 100)); });`,
    ]);
    await once(stopped.stdout, 'data');
    stopped.kill('SIGSTOP');
    let worked = false;
    const waiting: number[] = [];
    const mine = withFileLock(lock, async () => void (worked = true), {
      onWait: (pid) => waiting.push(pid),
    });
    await sleep(500);
    expect({ worked, waiting: new Set(waiting) }).toEqual({ worked: false, waiting: new Set([stopped.pid]) });
    stopped.kill('SIGCONT');
    await mine;
    expect(worked).toBe(true);
  });

  it('says whom it waited for when its patience ends, and leaves that one its turn', async () => {
    let end = (): void => undefined;
    const first = withFileLock(lock, () => new Promise<void>((resolveEnd) => void (end = resolveEnd)));
    await sleep(100);
    await expect(withFileLock(lock, async () => undefined, { patienceMs: 50 })).rejects.toThrow(
      `Process ${process.pid} has not let others have their turn for 0.05 s (${lock}).`,
    );
    expect(await readdir(lock)).toHaveLength(1);
    end();
    await first;
  });
});
