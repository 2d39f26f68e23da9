/** Positions shown; all of them are counted. */
const MAX_SAMPLES = 10;

/** What is known of claims whose events nobody can read, because the keys of their families are missing. */
export interface UnreadableReport {
  /** Claim-making events that cannot be read. */
  events: number;
  /** Stored claims that one of them made: kept, because nothing tells otherwise. */
  kept: number;
  /** Events among them without such a claim: an address is claimed, and nobody can tell which. */
  unaccounted: number;
  /** A few of their positions, the unaccounted ones first. */
  samples: readonly number[];
}

/**
 * The claim-making events that cannot be read, and which of them have their claim all the same. One for all
 * shares of the addresses: in which of them an unreadable event's address is, nobody knows.
 */
export class UnreadableClaims {
  private readonly isAccounted = new Map<number, boolean>();
  private kept = 0;

  /** Notes an event; each share meets the same ones again. */
  note(position: number): void {
    if (!this.isAccounted.has(position)) this.isAccounted.set(position, false);
  }

  /** Whether the event at this position is an unreadable one. */
  has(position: number): boolean {
    return this.isAccounted.has(position);
  }

  /** Notes that a claim is stored which this event made. */
  keep(position: number): void {
    this.isAccounted.set(position, true);
    this.kept += 1;
  }

  report(): UnreadableReport {
    const unaccounted = this.positions(false);
    return {
      events: this.isAccounted.size,
      kept: this.kept,
      unaccounted: unaccounted.length,
      samples: [...unaccounted.slice(0, MAX_SAMPLES), ...this.positions(true).slice(0, MAX_SAMPLES)].slice(
        0,
        MAX_SAMPLES,
      ),
    };
  }

  private positions(accounted: boolean): number[] {
    const positions: number[] = [];
    for (const [position, isAccounted] of this.isAccounted) {
      if (isAccounted === accounted) positions.push(position);
    }
    return positions;
  }
}
