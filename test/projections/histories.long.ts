import { checkHistories } from '../support/projection-model/check-histories.js';

describe('after any of many long histories of commands, rebuilds, rollbacks, crashes and deletions', () => {
  it(
    'every read model that has caught up is a pure fold of the log',
    async () => {
      await checkHistories({ runs: 40, steps: 200 });
    },
    60 * 60_000,
  );
});
