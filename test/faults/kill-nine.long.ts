import { killDatabase, killService, runRounds } from '../support/kill-rounds.js';
import { killProcesses } from '../support/service-process.js';
import { testDataDir } from '../support/test-data-dir.js';

const ROUNDS = 20;

let folder: Awaited<ReturnType<typeof testDataDir>>;

beforeEach(async () => (folder = await testDataDir()));
afterEach(async () => {
  await killProcesses();
  await folder.remove();
});

describe('under a load of registrations, again and again', () => {
  it(
    `nothing is lost and nothing repeated in ${ROUNDS} kills of service and database in turn`,
    async () => {
      const rounds = Array.from({ length: ROUNDS }, (_, index) =>
        index % 2 === 0 ? killService : killDatabase,
      );
      await runRounds(folder.path, rounds);
    },
    30 * 60_000,
  );
});
