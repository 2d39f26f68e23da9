import { hash as digest } from 'node:crypto';

/** So many that a few wrong documents leave nearly all buckets right, so few that they fit in memory. */
const BUCKETS = 4_096;
const LANES = 8;

/** Which bucket a document belongs to, by its id. */
export function bucketOf(id: string): number {
  return digest('sha1', id, 'buffer').readUInt32LE(0) % BUCKETS;
}

/**
 * A set of documents, in 36 bytes per bucket whatever their number: how many there are, and the sum of their
 * SHA-256 hashes. Two sets whose buckets agree are the same, byte for byte; where they differ, only the
 * documents of the buckets that differ have to be looked at (the idea of anti-entropy in replicated stores).
 */
export class DocumentBuckets {
  private readonly sums = new Uint32Array(BUCKETS * LANES);
  readonly counts = new Uint32Array(BUCKETS);

  add(id: string, bytes: Uint8Array): void {
    const bucket = bucketOf(id);
    const hash = digest('sha256', bytes, 'buffer');
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    for (let lane = 0; lane < LANES; lane += 1) {
      const at = bucket * LANES + lane;
      this.sums[at] = (this.sums[at] ?? 0) + hash.readUInt32LE(lane * 4);
    }
  }

  get documents(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** The buckets in which two sets differ. */
  differingFrom(other: DocumentBuckets): number[] {
    const differing: number[] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const from = bucket * LANES;
      const same =
        this.counts[bucket] === other.counts[bucket] &&
        Buffer.from(this.sums.buffer, from * 4, LANES * 4).equals(
          Buffer.from(other.sums.buffer, from * 4, LANES * 4),
        );
      if (!same) differing.push(bucket);
    }
    return differing;
  }
}
