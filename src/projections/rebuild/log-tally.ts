import mongoose from 'mongoose';
import { LogDamaged } from '../../event-log/errors.js';
import type { LogCollections } from '../../event-log/log-collections.js';
import { findRaw, type RawBatch } from '../../event-log/read/raw-batch.js';
import { RawEvent } from '../../event-log/read/raw-event.js';
import { readHead } from '../../event-log/read/read-log.js';
import type { ProjectionEngine } from '../engine.js';
import { isAbout } from '../fold-stream.js';
import type { Projection } from '../projection.js';
import { EventTally } from '../generations/event-tally.js';
import type { OnProgress } from '../progress.js';

const { Long } = mongoose.mongo;

/**
 * The events that a projection is about, as the log has them: read in the log's own order, from its beginning,
 * and of each no more than its place, type and hash.
 */
export class LogTally {
  private readonly tally = EventTally.empty();
  private position = 0;
  private last: Buffer | null = null;

  constructor(
    private readonly log: LogCollections,
    private readonly projection: Projection,
    private readonly eventsPerPage = 5_000,
  ) {}

  /**
   * Reads on to a position, gapless. Not two at once.
   * @throws LogDamaged where a position is missing
   */
  async readOn(upTo: number, onProgress: OnProgress = () => undefined): Promise<void> {
    let next = this.fetch(this.position, upTo);
    while (this.position < upTo) {
      const batch = await next;
      const until = this.position + batch.starts.length;
      if (until === this.position) throw new LogDamaged(`position ${until + 1} is missing`);
      if (until < upTo) {
        next = this.fetch(until, upTo);
        // Where this ends before it is awaited (damage, a caller that stops), its failure is nobody's.
        next.catch(() => undefined);
      }
      this.add(batch);
      onProgress('Certifying', this.position, upTo);
    }
  }

  /**
   * All of them up to `position`, which is not before where it was read to.
   * @throws LogDamaged where a position is missing, or the last hash is not the head's
   */
  async upTo(position: number, onProgress: OnProgress = () => undefined): Promise<EventTally> {
    // Also where there is nothing left to read.
    onProgress('Certifying', this.position, position);
    await this.readOn(position, onProgress);
    const head = await readHead(this.log);
    if (head.position === position && this.last !== null && !head.hash.equals(this.last)) {
      throw new LogDamaged(`the head does not carry the hash of the event at position ${position}`);
    }
    return this.tally;
  }

  private async fetch(after: number, upTo: number): Promise<RawBatch> {
    if (after >= upTo) return { bytes: Buffer.alloc(0), starts: [], end: 0 };
    const until = Math.min(upTo, after + this.eventsPerPage);
    return findRaw(this.log.events, {
      filter: { _id: { $gt: Long.fromNumber(after), $lte: Long.fromNumber(until) } },
      projection: { type: 1, hash: 1 },
      sort: { _id: 1 },
      limit: until - after,
    });
  }

  private add({ bytes, starts }: RawBatch): void {
    let event: RawEvent | undefined;
    for (const start of starts) {
      this.position += 1;
      event = new RawEvent(bytes, start);
      if (event.position !== this.position) throw new LogDamaged(`position ${this.position} is missing`);
      if (isAbout(this.projection, event.type)) this.tally.add(bytes, event.hashAt);
    }
    if (event !== undefined) this.last = event.hash;
  }
}

/** The events up to `upTo` that a projection is about. @throws LogDamaged */
export function tallyOfLog(
  { log }: ProjectionEngine,
  projection: Projection,
  upTo: number,
): Promise<EventTally> {
  return new LogTally(log, projection).upTo(upTo);
}
