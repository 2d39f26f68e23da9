import mongoose, { type mongo } from 'mongoose';

const { Binary, Long } = mongoose.mongo;

const LANES = 8;

/** Stored form: how many events, and the sum of their hashes. */
export interface AccountedEvents {
  events: mongo.Long;
  sum: mongo.Binary;
}

/**
 * Which events a generation has taken into account, in 40 bytes: their number, and the sum of their 32-byte
 * hashes in eight lanes of 32 bits, each modulo 2^32. An event's hash covers its position, so that two sets of
 * events agree in both only if they are the same: one left out, doubled or of another log changes the sum. The
 * order does not matter, which lets streams be replayed one after the other and added up in parallel
 * (an additive multiset hash: Clarke et al., "Incremental Multiset Hash Functions", ASIACRYPT 2003).
 */
export class EventTally {
  private readonly lanes = new Uint32Array(LANES);

  private constructor(public events: number) {}

  static empty(): EventTally {
    return new EventTally(0);
  }

  static of({ events, sum }: AccountedEvents): EventTally {
    const tally = new EventTally(Number(events));
    tally.addLanes(Buffer.from(sum.buffer));
    return tally;
  }

  /** Takes one event into account, by the 32 bytes of its hash, which begin at `at`. */
  add(bytes: Buffer, at = 0): void {
    this.events += 1;
    this.addLanes(bytes, at);
  }

  /** Takes all of another tally into account. */
  merge(other: EventTally): void {
    this.events += other.events;
    this.addLanes(other.bytes());
  }

  equals(other: EventTally): boolean {
    return this.events === other.events && this.bytes().equals(other.bytes());
  }

  stored(): AccountedEvents {
    return { events: Long.fromNumber(this.events), sum: new Binary(this.bytes()) };
  }

  private bytes(): Buffer {
    const bytes = Buffer.alloc(LANES * 4);
    this.lanes.forEach((lane, index) => bytes.writeUInt32LE(lane, index * 4));
    return bytes;
  }

  private addLanes(bytes: Buffer, at = 0): void {
    for (let lane = 0; lane < LANES; lane += 1) {
      this.lanes[lane] = (this.lanes[lane] ?? 0) + bytes.readUInt32LE(at + lane * 4);
    }
  }
}
