import { setTimeout as sleep } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import type { LogCollections } from '../../event-log/log-collections.js';

/** Where no signal comes, the log is looked at this often all the same; in milliseconds. */
const POLL_MS = 500;
const REOPEN_MS = 1_000;

/**
 * Tells when the log may have grown, by a change stream on its head. Only a wake-up call: positions are the
 * truth, and a signal that is lost costs half a second.
 */
export class LogSignal {
  private stream: mongo.ChangeStream | null = null;
  private readonly ending = new AbortController();
  private raised = false;
  private wake: () => void = () => undefined;
  private readonly following: Promise<void>;

  constructor(private readonly log: LogCollections) {
    this.following = this.follow();
  }

  /** Resolves when the log may have grown since the last time, at the latest after `POLL_MS`. */
  async wait(): Promise<void> {
    if (!this.raised && !this.ending.signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, POLL_MS);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.raised = false;
  }

  /** Wakes whoever waits, for another reason than the log's growth. */
  raise(): void {
    this.raised = true;
    this.wake();
  }

  /** Before the client is closed: a stream that loses its client fails aloud. */
  async close(): Promise<void> {
    this.ending.abort();
    this.raise();
    await this.stream?.close().catch(() => undefined);
    await this.following;
  }

  private async follow(): Promise<void> {
    while (!this.ending.signal.aborted) {
      try {
        this.stream = this.log.head.watch([{ $project: { _id: 1 } }]);
        for await (const _change of this.stream) this.raise();
      } catch {
        // No primary, or the stream was closed. Looking at intervals goes on meanwhile.
      }
      await this.stream?.close().catch(() => undefined);
      await sleep(REOPEN_MS, undefined, { ref: false, signal: this.ending.signal }).catch(() => undefined);
    }
  }
}
