import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbedded } from '../../../src/database/embedded/start-embedded.js';
import { embeddedOptions } from '../../support/embedded-options.js';
import { recordingReporter } from '../../support/recording-reporter.js';
import { testDataDir } from '../../support/test-data-dir.js';

/** Longer than a stop keeps silent. */
const FROZEN_MS = 3_000;

it('says what it waits for while MongoDB does not end', async () => {
  const folder = await testDataDir();
  const reporter = recordingReporter();
  try {
    const mongod = await startEmbedded(embeddedOptions(folder.path, {}, reporter));
    process.kill(mongod.pid, 'SIGSTOP');
    const stopped = mongod.release();
    await sleep(FROZEN_MS);
    process.kill(mongod.pid, 'SIGCONT');
    await stopped;
    expect(reporter.lines).toContain(`Waiting for MongoDB (process ${mongod.pid}) to end, up to 20 s`);
  } finally {
    await folder.remove();
  }
}, 60_000);
