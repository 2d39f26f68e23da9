import { setTimeout as sleep } from 'node:timers/promises';
import { attemptAppend, type Attempt } from './append-transaction.js';
import type { PendingAppend } from './batch.js';
import { LogDamaged, LogUnavailable, OutcomeUnknown } from '../errors.js';
import type { LogCollections } from '../log-collections.js';
import type { LogHead } from '../log-head.js';
import { judgeFailure, liesBeyondHead } from './judge-failure.js';
import type { KnownVersions } from './known-versions.js';
import { duplicateIn } from './mongo-errors.js';
import { reachesMajority } from './reaches-majority.js';
import { endSessionOnServer, endStalledTransactions } from './stalled-head.js';

/** After this long in write conflicts the holder of the head is looked at: it may be dead. */
const SUSPECT_HOLDER_AFTER_MS = 1_000;
/** What no read accounts for is looked up again for this long, as it may be gone, or explained, by then. */
const EXPLAINED_WITHIN_MS = 2_000;

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
 * @param unexplainedSince when, on the clock of `performance.now()`, something first stood in the way that no read accounts for; usually never.
 */
export async function commitBatch(
  writer: BatchWriter,
  batch: readonly PendingAppend[],
  unexplainedSince: number | null = null,
): Promise<void> {
  const began = performance.now();
  let stallCheckedAt = began;
  let uncertain: Attempt | null = null;
  let open = stillOpen(batch);
  while (open.length > 0) {
    const tried: TryResult = await tryOnce(writer, open, uncertain);
    const { error } = tried;
    uncertain = tried.uncertain;
    open = stillOpen(open);
    if (error === null) continue;

    // While an attempt may be stored nothing is refused, whatever the error: the next try finds out first.
    const judgement = uncertain === null ? await judgeFailure(writer.collections, open, error) : 'may pass';
    if (judgement !== 'unexplained') unexplainedSince = null;
    if (judgement === 'may pass') {
      if (performance.now() - began > writer.deadlineMs)
        giveUp(open, Math.round(performance.now() - began), error);
      if (performance.now() - stallCheckedAt > SUSPECT_HOLDER_AFTER_MS) {
        stallCheckedAt = performance.now();
        await endStalledTransactions(writer.collections.client).catch(() => 0);
      }
      await shortPause();
    } else if (judgement === 'lasting') {
      await refuseAlone(writer, open, error);
    } else if (judgement === 'unexplained') {
      unexplainedSince ??= performance.now();
      if (performance.now() - unexplainedSince < EXPLAINED_WITHIN_MS) await shortPause();
      else await refuseAlone(writer, open, error, unexplainedSince);
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
  open: readonly PendingAppend[],
  uncertain: Attempt | null,
): Promise<TryResult> {
  const { collections } = writer;
  const session = collections.client.startSession();
  let placed: Attempt | null = null as Attempt | null;
  let batch = open;
  try {
    // Those of an uncertain attempt have passed this, and may be stored by now.
    if (uncertain === null) {
      await writer.known.refuseUnreached(collections, batch);
      batch = stillOpen(batch);
      if (batch.length === 0) return { error: null, uncertain };
    }
    for (const pending of batch) pending.started = true;
    const outcome = await attemptAppend(collections, session, batch, {
      remembered: writer.alone ? writer.lastWrite : null,
      uncertain,
      onPlaced: (attempt) => (placed = attempt),
    });
    const stored = outcome === 'committed' ? placed : uncertain;
    if (stored === null) throw new RangeError('An attempt was stored that never was placed');
    if (
      outcome === 'uncertain-was-committed' &&
      !(await reachesMajority(collections, stored.head, writer.deadlineMs))
    ) {
      // A primary has taken it along. The next try finds out for good, with the head in hand.
      return { error: null, uncertain };
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
    // Before the abort, which may wait: without a commit nothing of it is ever stored.
    for (const pending of batch) pending.started = uncertain?.batch.includes(pending) ?? false;
    if (session.inTransaction()) await session.abortTransaction().catch(() => undefined);
    // Not an abort: that would be refused once a commit was sent.
    else if (placed?.commitSent === true) {
      await endSessionOnServer(collections.client, session).catch(() => undefined);
    }
    return { error, uncertain };
  } finally {
    await session.endSession().catch(() => undefined);
  }
}

function stillOpen(batch: readonly PendingAppend[]): PendingAppend[] {
  return batch.filter((pending) => !pending.settled);
}

/** An error nobody else is to suffer from: each half tries on its own, until the guilty one meets it alone. */
async function refuseAlone(
  writer: BatchWriter,
  batch: readonly PendingAppend[],
  error: unknown,
  unexplainedSince: number | null = null,
): Promise<void> {
  const concernsAll = error instanceof LogDamaged || liesBeyondHead(error);
  if (batch.length === 1 || concernsAll) return rejectAll(batch, explain(error));
  const middle = Math.ceil(batch.length / 2);
  await commitBatch(writer, batch.slice(0, middle), unexplainedSince);
  await commitBatch(writer, batch.slice(middle), unexplainedSince);
}

function explain(error: unknown): unknown {
  const index = duplicateIn(error);
  return index === null ? error : new LogDamaged(`${index} holds what neither log nor claims account for`);
}

/** Writers that met at the head part at random; 2–10 ms was best with four processes. */
function shortPause(): Promise<void> {
  return sleep(2 + Math.random() * 8);
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
