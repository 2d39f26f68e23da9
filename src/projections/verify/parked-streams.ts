import type { ParkedStream } from '../quarantine/quarantine.js';

/** Streams that are named; the rest is counted. */
const MAX_NAMED = 3;

/** Compares the streams that a generation has in quarantine with those that a replay cannot take. */
export class ParkedStreams {
  private readonly lost: string[] = [];
  private lostCount = 0;

  /**
   * @param quarantined how many are in quarantine
   * @param taken their names, of which those are left that a replay takes; null: there are too many to compare
   */
  constructor(
    readonly quarantined: number,
    private readonly taken: Set<string> | null,
  ) {}

  /** Takes note of streams that the replay has parked. */
  met(parked: readonly ParkedStream[]): void {
    for (const { stream } of parked) {
      if (this.taken === null || this.taken.delete(stream)) continue;
      this.lostCount += 1;
      if (this.lost.length < MAX_NAMED) this.lost.push(stream);
    }
  }

  /** How the two differ, once the replay is over; nothing where they are the same. */
  problems(): string[] {
    const problems: string[] = [];
    if (this.lostCount > 0) {
      problems.push(`not in quarantine, though they cannot be taken: ${named(this.lost, this.lostCount)}`);
    }
    if (this.taken !== null && this.taken.size > 0) {
      problems.push(`in quarantine, though a replay takes them: ${named(this.taken, this.taken.size)}`);
    }
    return problems;
  }
}

function named(streams: Iterable<string>, count: number): string {
  const some = [...streams].slice(0, MAX_NAMED);
  const more = count > some.length ? ` and ${count - some.length} more` : '';
  return `${count === 1 ? 'the stream' : 'the streams'} ${some.join(', ')}${more}`;
}
