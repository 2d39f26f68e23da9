import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { OutcomeUnknown } from '../errors.js';
import type { LogCollections } from '../log-collections.js';

/**
 * Resolves when the event at `position` is committed on a majority: only then it is durable (P11).
 * @throws OutcomeUnknown after `deadlineMs` milliseconds.
 */
export async function waitUntilMajority(
  { events }: LogCollections,
  position: number,
  deadlineMs: number,
): Promise<void> {
  const until = Date.now() + deadlineMs;
  const _id = mongoose.mongo.Long.fromNumber(position);
  while ((await events.findOne({ _id }, { projection: { _id: 1 } })) === null) {
    if (Date.now() > until) throw new OutcomeUnknown(deadlineMs);
    await sleep(20);
  }
}
