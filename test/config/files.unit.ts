import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFileDurably } from '../../src/config/files.js';

describe('writing a file durably', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'family-accounts-test-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('replaces the content as a whole, readable by its owner alone, and leaves no draft', async () => {
    const path = join(folder, 'secret');
    await writeFileDurably(path, 'first');
    await writeFileDurably(path, 'second');
    expect(await readFile(path, 'utf8')).toBe('second');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['secret']);
  });

  it('leaves nothing behind where it cannot write', async () => {
    await expect(writeFileDurably(join(folder, 'missing', 'secret'), 'text')).rejects.toThrow('ENOENT');
    expect(await readdir(folder)).toEqual([]);
  });
});
