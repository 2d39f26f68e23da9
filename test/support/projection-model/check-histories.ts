import fc from 'fast-check';
import { printedSeed } from '../random.js';
import { createTestProjections } from '../test-projections.js';
import { ProjectionModel } from './model.js';
import { history } from './steps.js';

/** Takes random histories; the seed is printed, and the steps of one that fails. */
export async function checkHistories({ runs, steps }: { runs: number; steps: number }): Promise<void> {
  await fc.assert(
    fc.asyncProperty(history(steps), async (taken) => {
      const test = await createTestProjections();
      const model = new ProjectionModel(test);
      try {
        await model.begin();
        for (const step of taken) await model.take(step);
        await model.end();
      } finally {
        await model.stop();
        await test.close();
      }
    }),
    // Timing is part of every failure: a smaller history would rarely show it again.
    { seed: printedSeed('histories of projections'), numRuns: runs, endOnFailure: true },
  );
}
