import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { OutcomeUnknown } from '../errors.js';
import type { LogCollections } from '../log-collections.js';
import type { LogHead } from '../log-head.js';

/**
 * Whether the event that left the head like this, seen on a primary, becomes committed on a majority: waits for it.
 * False where it does not: its primary is gone, and the next one has another event at that position, or none.
 * The hash tells: it covers every byte of the event and all before it. False is no more than a suspicion, as this
 * may have been read from a primary that is none any more; true is final (P11).
 * @throws OutcomeUnknown after `deadlineMs` milliseconds.
 */
export async function reachesMajority(
  collections: LogCollections,
  head: LogHead,
  deadlineMs: number,
): Promise<boolean> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    const confirmed = await hashAt(collections, head.position);
    if (confirmed !== null) return confirmed.equals(head.hash);
    const stored = await hashAt(collections.unconfirmed(), head.position);
    if (stored?.equals(head.hash) !== true) return false;
    if (performance.now() > until) throw new OutcomeUnknown(deadlineMs);
    await sleep(20);
  }
}

async function hashAt({ events }: LogCollections, position: number): Promise<Buffer | null> {
  const found = await events.findOne(
    { _id: mongoose.mongo.Long.fromNumber(position) },
    { projection: { hash: 1 } },
  );
  return found === null ? null : Buffer.from(found.hash.buffer);
}
