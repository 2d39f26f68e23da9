import type { Reporter } from '../config/reporter.js';
import type { OnProgress } from '../projections/progress.js';

/** Shows how far the work on a projection has come. @param comparing what is counted while two sides are compared */
export function tellProgress(
  reporter: Reporter,
  projection: string,
  { comparing }: { comparing: 'documents' | 'events' },
): OnProgress {
  return (phase, done, total) => {
    const label = `${projection}: ${phase.toLowerCase()}`;
    reporter.progress(label, done, total, phase === 'Comparing' ? comparing : 'events');
  };
}
