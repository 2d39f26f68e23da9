import { measureAppend, type Appended, type AppendRequest } from './append-request.js';
import { takeBatch, type PendingAppend } from './batch.js';
import { commitBatch, type BatchWriter } from './commit-batch.js';
import { LogUnavailable, OutcomeUnknown } from '../errors.js';
import type { KnownVersions } from './known-versions.js';
import type { LogCollections } from '../log-collections.js';

export interface GroupCommitOptions {
  /** How long a caller waits at most, in milliseconds, before it is told that the log took nothing. */
  deadlineMs: number;
}

/** So many appends are company enough. */
const COMPANY = 16;

/**
 * Callers that append at the same moment share one transaction: whatever waits when the writer comes free
 * goes into the next one. Nothing is delayed to fill it, unless everyone who waits has asked for company (the
 * idea is PostgreSQL's `commit_delay`). One process has one writer; processes are put in
 * order by the head.
 */
export class GroupCommit {
  private readonly waiting: PendingAppend[] = [];
  private readonly writer: BatchWriter;
  private running: Promise<void> | null = null;
  private closed = false;
  private wake: () => void = () => undefined;

  constructor(
    collections: LogCollections,
    known: KnownVersions,
    private readonly options: GroupCommitOptions,
  ) {
    this.writer = { collections, known, lastWrite: null, alone: false, deadlineMs: options.deadlineMs };
  }

  /** Resolves when the events are durable on a majority; see `EventLog.append` for what it throws. */
  append(request: AppendRequest): Promise<Appended> {
    if (this.closed) return Promise.reject(new LogUnavailable(0, new Error('The log is closing')));
    return new Promise((resolve, reject) => {
      const pending = this.pend(request, resolve, reject);
      this.waiting.push(pending);
      this.wake();
      // Callers of the same tick share the first transaction, too.
      this.running ??= Promise.resolve().then(() => this.run());
    });
  }

  /** Takes no more, and resolves when everything that waits has been answered. */
  async close(): Promise<void> {
    this.closed = true;
    this.wake();
    await this.running;
  }

  private pend(
    request: AppendRequest,
    resolve: (appended: Appended) => void,
    reject: (error: Error) => void,
  ): PendingAppend {
    const { deadlineMs } = this.options;
    const pending: PendingAppend = {
      request,
      bytes: measureAppend(request),
      startBy: performance.now() + (request.waitForCompanyMs ?? 0),
      settled: false,
      started: false,
      resolve: (appended) => settle(() => resolve(appended)),
      reject: (error) => settle(() => reject(error)),
    };
    const deadline = setTimeout(() => {
      pending.reject(pending.started ? new OutcomeUnknown(deadlineMs) : new LogUnavailable(deadlineMs));
    }, deadlineMs);
    const settle = (answer: () => void): void => {
      if (pending.settled) return;
      pending.settled = true;
      clearTimeout(deadline);
      answer();
    };
    return pending;
  }

  /** Returns as soon as somebody has waited long enough, or enough are there. */
  private async waitForCompany(): Promise<void> {
    for (;;) {
      const startBy = this.waiting.reduce((soonest, pending) => Math.min(soonest, pending.startBy), Infinity);
      const left = startBy - performance.now();
      if (left <= 0 || this.waiting.length >= COMPANY || this.closed) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  private async run(): Promise<void> {
    try {
      while (this.waiting.length > 0) {
        await this.waitForCompany();
        const batch = takeBatch(this.waiting);
        if (batch.length > 0) await commitBatch(this.writer, batch);
      }
    } finally {
      this.running = null;
    }
  }
}
