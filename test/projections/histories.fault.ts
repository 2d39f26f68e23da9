import { checkHistories } from '../support/projection-model/check-histories.js';

describe('after any history of commands, rebuilds, rollbacks, crashes and deletions', () => {
  it('every read model that has caught up is a pure fold of the log', async () => {
    await checkHistories({ runs: 4, steps: 60 });
  }, 120_000);
});
