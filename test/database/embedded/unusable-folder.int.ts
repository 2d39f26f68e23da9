import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { dataFolder, explainFolderFailure } from '../../../src/database/embedded/data-folder.js';
import { startEmbedded } from '../../../src/database/embedded/start-embedded.js';
import { asAnotherUser } from '../../support/as-another-user.js';
import { embeddedOptions } from '../../support/embedded-options.js';
import { testDataDir } from '../../support/test-data-dir.js';

const HOLD_EMBEDDED = resolve(import.meta.dirname, '../../support/hold-embedded.mjs');
/** Mounts a disk of 2 MB, fills it, and starts on it. */
const ON_A_FULL_DISK = `
  mount -t tmpfs -o size=2m,mode=700 tmpfs "$1" || exit 99
  mkdir "$1/data"
  head -c 4000000 /dev/zero > "$1/filler" 2>/dev/null
  exec "$2" "$3" "$1/data"`;

describe('a data folder that cannot be used', () => {
  let folder: Awaited<ReturnType<typeof testDataDir>>;
  beforeEach(async () => (folder = await testDataDir()));
  afterEach(() => folder.remove());

  it.each(['mongod-keyfile', 'database-users.json'])(
    'says so when this user may not read %s',
    async (name) => {
      const secret = join(folder.path, 'secrets', name);
      await mkdir(join(folder.path, 'mongodb'));
      await mkdir(join(folder.path, 'secrets'));
      await writeFile(join(folder.path, 'mongodb/WiredTiger'), 'WiredTiger');
      await writeFile(join(folder.path, 'secrets/database-users.json'), '{"root":"r"}', { mode: 0o600 });
      await writeFile(join(folder.path, 'secrets/mongod-keyfile'), 'key', { mode: 0o600 });
      await chmod(secret, 0o000);
      await asAnotherUser(folder.path, () =>
        expect(startEmbedded(embeddedOptions(folder.path))).rejects.toThrow(
          `This user may not read ${secret}.`,
        ),
      );
    },
  );

  it('says so at once where the system lets nobody make a folder', async () => {
    if (process.platform !== 'linux') return;
    for (const path of ['/proc/x', '/proc/x/y'])
      await expect(startEmbedded(embeddedOptions(path))).rejects.toThrow(
        `DATA_DIR is ${path}, which this user cannot write to (ENOENT).`,
      );
  });

  it('says so below a disk that is read-only, where this user may mount one', async () => {
    const { status } = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', folder.path]);
    if (status !== 0) return;
    const start = promisify(execFile)('unshare', [
      ...[
        '-rm',
        'sh',
        '-c',
        'mount -t tmpfs -o ro tmpfs "$1" || exit 99; exec "$2" "$3" "$1/data/deep"',
        'sh',
      ],
      ...[folder.path, process.execPath, HOLD_EMBEDDED],
    ]);
    await expect(start).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining(
        `DATA_DIR is ${folder.path}/data/deep, which this user cannot write to (EROFS).`,
      ) as string,
    });
  });

  it('says so when the disk is full, whatever was to be written', async () => {
    if (process.platform !== 'linux') return;
    const full: unknown = await writeFile('/dev/full', 'x').catch((error: unknown) => error);
    expect(explainFolderFailure(dataFolder(folder.path), full)).toMatchObject({
      name: 'UserFacingError',
      message: `There is no room left on the disk of DATA_DIR (${folder.path}).`,
    });
  });

  it('says so on a disk that is full, where this user may mount one', async () => {
    const { status } = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', folder.path]);
    if (status !== 0) return;
    const start = promisify(execFile)('unshare', [
      ...['-rm', 'sh', '-c', ON_A_FULL_DISK, 'sh'],
      ...[folder.path, process.execPath, HOLD_EMBEDDED],
    ]);
    await expect(start).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining(
        `There is no room left on the disk of DATA_DIR (${folder.path}/data).`,
      ) as string,
    });
  });
});
