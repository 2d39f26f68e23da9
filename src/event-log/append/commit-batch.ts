import { setTimeout as sleep } from 'node:timers/promises';
import { attemptAppend, type Attempt } from './append-transaction.js';
import type { PendingAppend } from './batch.js';
import { ClaimsMissing, EventLogError, LogDamaged, LogUnavailable, OutcomeUnknown } from '../errors.js';
import type { LogCollections } from '../log-collections.js';
import type { LogHead } from '../log-head.js';
import type { KnownVersions } from './known-versions.js';
import { duplicateIn, mayPass } from './mongo-errors.js';
import { findRefusals } from './refusals.js';
import { endSessionOnServer, endStalledTransactions } from './stalled-head.js';
import { waitUntilMajority } from './wait-until-majority.js';

/** After this long in write conflicts the holder of the head is looked at: it may be dead. */
const SUSPECT_HOLDER_AFTER_MS = 1_000;
/** A duplicate that no read explains was given back meanwhile; this often, the log contradicts itself. */
const MAX_UNEXPLAINED_DUPLICATES = 5;

/** What a process's writer carries from batch to batch. */
export interface BatchWriter {
  readonly collections: LogCollections;
  readonly deadlineMs: number;
  readonly known: KnownVersions;
  /** The head as this process left it. */
  lastWrite: LogHead | null;
  /** Nobody else wrote between this process's last two batches: the head may be believed unread. */
  alone: boolean;
}

/**
 * Stores a batch: tries until everything in it is stored, refused for a reason of its own, or out of time.
 * Every append of the batch is settled when this resolves; it never rejects.
 */
export async function commitBatch(writer: BatchWriter, batch: readonly PendingAppend[]): Promise<void> {
  const began = Date.now();
  let stallCheckedAt = began;
  let unexplained = 0;
  let uncertain: Attempt | null = null;
  await writer.known.refuseUnreached(writer.collections, batch).catch(() => undefined);
  let open = stillOpen(batch);
  while (open.length > 0) {
    const tried: TryResult = await tryOnce(writer, open, uncertain);
    uncertain = tried.uncertain;
    open = stillOpen(open);
    if (tried.error === null) continue;

    if (duplicateIn(tried.error) !== null || tried.error instanceof ClaimsMissing) {
      const refused = await refuseWhatIsTaken(writer.collections, open);
      unexplained = refused ? 0 : unexplained + 1;
      if (unexplained > MAX_UNEXPLAINED_DUPLICATES) rejectAll(open, explain(tried.error));
    } else if (!mayPass(tried.error)) {
      await refuseAlone(writer, open, tried.error);
    } else {
      if (Date.now() - began > writer.deadlineMs) giveUp(open, Date.now() - began, tried.error);
      if (Date.now() - stallCheckedAt > SUSPECT_HOLDER_AFTER_MS) {
        stallCheckedAt = Date.now();
        await endStalledTransactions(writer.collections.client).catch(() => 0);
      }
      // Writers that met at the head part at random; 2–10 ms was best with four processes.
      await sleep(2 + Math.random() * 8);
    }
    open = stillOpen(open);
  }
}

interface TryResult {
  error: unknown;
  /** The attempt whose commit was sent without an answer, to be looked up by the next one. */
  uncertain: Attempt | null;
}

async function tryOnce(
  writer: BatchWriter,
  batch: readonly PendingAppend[],
  uncertain: Attempt | null,
): Promise<TryResult> {
  const { collections } = writer;
  const session = collections.client.startSession();
  let placed: Attempt | null = null as Attempt | null;
  for (const pending of batch) pending.started = true;
  try {
    const outcome = await attemptAppend(collections, session, batch, {
      remembered: writer.alone ? writer.lastWrite : null,
      uncertain,
      onPlaced: (attempt) => (placed = attempt),
    });
    const stored = outcome === 'committed' ? placed : uncertain;
    if (stored === null) throw new RangeError('An attempt was stored that never was placed');
    if (outcome === 'uncertain-was-committed') {
      await waitUntilMajority(collections, stored.head.position, writer.deadlineMs);
    }
    writer.alone = writer.lastWrite !== null && stored.before.hash.equals(writer.lastWrite.hash);
    writer.lastWrite = stored.head;
    stored.batch.forEach((pending, index) => {
      const appended = stored.appended[index];
      if (appended === undefined) return;
      writer.known.see(pending.request.stream, appended.version);
      pending.resolve(appended);
    });
    return { error: null, uncertain: null };
  } catch (error) {
    writer.alone = false;
    // An attempt that came past the head has found the uncertain one absent, and absent for good.
    if (placed !== null) uncertain = placed.commitSent ? placed : null;
    if (session.inTransaction()) await session.abortTransaction().catch(() => undefined);
    // Not an abort: that would be refused once a commit was sent.
    else if (placed?.commitSent === true) {
      await endSessionOnServer(collections.client, session).catch(() => undefined);
    }
    for (const pending of batch) pending.started = uncertain?.batch.includes(pending) ?? false;
    return { error, uncertain };
  } finally {
    await session.endSession().catch(() => undefined);
  }
}

function stillOpen(batch: readonly PendingAppend[]): PendingAppend[] {
  return batch.filter((pending) => !pending.settled);
}

/** Refuses what cannot be stored, alone; false where nothing was found to refuse. */
async function refuseWhatIsTaken(
  collections: LogCollections,
  batch: readonly PendingAppend[],
): Promise<boolean> {
  try {
    const refusals = await findRefusals(collections, batch);
    for (const [pending, error] of refusals) pending.reject(error);
    return refusals.size > 0;
  } catch {
    // The next try meets the same fault and is judged by it.
    return false;
  }
}

/** An error nobody else is to suffer from: each append tries on its own, and the guilty one meets it alone. */
async function refuseAlone(
  writer: BatchWriter,
  batch: readonly PendingAppend[],
  error: unknown,
): Promise<void> {
  if (batch.length === 1 || error instanceof EventLogError) return rejectAll(batch, error);
  for (const pending of batch) await commitBatch(writer, [pending]);
}

function explain(error: unknown): unknown {
  const index = duplicateIn(error);
  return index === null ? error : new LogDamaged(`${index} holds what neither log nor claims account for`);
}

function giveUp(batch: readonly PendingAppend[], waitedMs: number, cause: unknown): void {
  for (const pending of batch) {
    const Answer = pending.started ? OutcomeUnknown : LogUnavailable;
    pending.reject(new Answer(waitedMs, cause));
  }
}

function rejectAll(batch: readonly PendingAppend[], error: unknown): void {
  for (const pending of batch) pending.reject(error instanceof Error ? error : new Error(String(error)));
}
