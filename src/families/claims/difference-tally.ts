import type { ClaimDifference } from './claim-differences.js';

/** Differences shown; all of them are counted. */
const MAX_SAMPLES = 10;

/** Counts differences share by share, so that none but a few samples are held. */
export class DifferenceTally {
  missing = 0;
  extra = 0;
  different = 0;
  /** Without the addresses, which are personal. */
  readonly samples: Omit<ClaimDifference, 'email'>[] = [];

  /** Counts the differences of one more share. */
  add(differences: readonly ClaimDifference[]): void {
    for (const { expected, found } of differences) {
      if (found === null) this.missing += 1;
      else if (expected === null) this.extra += 1;
      else this.different += 1;
      if (this.samples.length < MAX_SAMPLES) this.samples.push({ expected, found });
    }
  }
}
