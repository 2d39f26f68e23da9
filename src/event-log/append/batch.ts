import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS, type Appended, type AppendRequest } from './append-request.js';

/** One caller's append while it waits, and how it is answered. */
export interface PendingAppend {
  readonly request: AppendRequest;
  readonly bytes: number;
  /** When it has waited long enough for company, on the clock of `performance.now()`. */
  readonly startBy: number;
  /** Settled already, by the deadline or by an answer: no longer to be stored. */
  settled: boolean;
  /** A transaction that holds it is under way, or its outcome is unknown. */
  started: boolean;
  resolve(appended: Appended): void;
  reject(error: Error): void;
}

/**
 * Takes from the front of `waiting` what one transaction can carry, and leaves the rest in order.
 * Two appends that touch the same stream, value or record never share a transaction: the later one
 * waits for the outcome of the earlier, so that a conflict is always one with what is stored.
 */
export function takeBatch(waiting: PendingAppend[]): PendingAppend[] {
  const batch: PendingAppend[] = [];
  const later: PendingAppend[] = [];
  const touched = new Set<string>();
  let events = 0;
  let bytes = 0;
  let full = false;
  for (const pending of waiting) {
    if (pending.settled) continue;
    const touches = touchedBy(pending.request);
    const fits =
      batch.length === 0 ||
      (events + pending.request.events.length <= MAX_BATCH_EVENTS &&
        bytes + pending.bytes <= MAX_BATCH_BYTES);
    full ||= !fits;
    const free = !touches.some((key) => touched.has(key));
    // What is left behind is touched as well: nobody may overtake it.
    for (const key of touches) touched.add(key);
    if (full || !free) {
      later.push(pending);
      continue;
    }
    batch.push(pending);
    events += pending.request.events.length;
    bytes += pending.bytes;
  }
  // Not by splice: a crowd is more arguments than a call can take.
  waiting.length = 0;
  for (const pending of later) waiting.push(pending);
  return batch;
}

function touchedBy(request: AppendRequest): string[] {
  const keys = [`stream ${request.stream}`];
  for (const event of request.events) {
    for (const claim of event.claims ?? []) keys.push(`claim ${claim.value}`);
  }
  for (const { collection, document } of request.alongside ?? []) keys.push(`${collection} ${document._id}`);
  return keys;
}
