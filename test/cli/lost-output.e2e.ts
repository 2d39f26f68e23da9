import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { runCli } from '../support/cli-installation.js';
import { testDataDir } from '../support/test-data-dir.js';

const CLI = resolve(import.meta.dirname, '../../dist/cli.js');

let folder: Awaited<ReturnType<typeof testDataDir>>;
beforeEach(async () => (folder = await testDataDir()));
afterEach(() => folder.remove());

describe('a command whose output goes to a disk that is full', () => {
  it.each([['--help'], ['doctor']])('ends with 1 and a sentence: %s', async (command) => {
    if (process.platform !== 'linux') return;
    const shell = ['-c', `"$0" "$1" "$2" > /dev/full; echo "$?"`, process.execPath, CLI, command];
    const env = { PATH: process.env.PATH, DATA_DIR: join(folder.path, 'none') };
    const { stdout, stderr } = await promisify(execFile)('bash', shell, { env });
    expect(stdout).toBe('1\n');
    expect(stderr).toContain('What the command prints could not be written: ENOSPC');
    expect(stderr.match(/could not be written/g)).toHaveLength(1);
    expect(stderr).not.toMatch(/^\s+at |unexpected/m);
  });
});

describe('doctor', () => {
  it('says that DATA_DIR is a file, and not that a start would make an installation', async () => {
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    for (const dataDir of [file, join(file, 'below')]) {
      const { code, out } = await runCli(['doctor'], { DATA_DIR: dataDir });
      expect(code).toBe(1);
      expect(out).toContain(`DATA_DIR is ${dataDir}, which is a file or lies below one`);
      expect(out).not.toMatch(/no installation|npm start/);
    }
  });

  it('lists several ways out as one sentence', async () => {
    const { out } = await runCli(['doctor'], {
      DATA_DIR: folder.path,
      MONGODB_URI: 'mongodb://127.0.0.1:1/home',
    });
    expect(out).toContain('; or put user and password into MONGODB_URI');
    expect(out).not.toContain('or or');
  });
});
