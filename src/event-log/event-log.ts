import { CLAIMS_SENTINEL_ID } from '../database/collections.js';
import type { Appended, AppendRequest } from './append/append-request.js';
import type { RecordedEvent } from './event.js';
import { GroupCommit, type GroupCommitOptions } from './append/group-commit.js';
import { KnownVersions } from './append/known-versions.js';
import { isOpenSentinel, type LogCollections } from './log-collections.js';
import type { LogHead } from './log-head.js';
import { readHead, readLog } from './read/read-log.js';
import { readStream } from './read/read-stream.js';

/** Who holds a claimed value. */
export interface Claim {
  family: string;
  member: string;
  position: number;
}

/** What is known of a value: its holder, nobody (`null`), or nothing, because the claims were wiped and are not back. */
export type ClaimState = Claim | null | 'unknown';

/** The append-only log: `append` is its only write verb. */
export class EventLog {
  private readonly known = new KnownVersions();
  private readonly groupCommit: GroupCommit;

  constructor(
    private readonly collections: LogCollections,
    options: GroupCommitOptions,
  ) {
    this.groupCommit = new GroupCommit(collections, this.known, options);
  }

  /**
   * Appends events to one stream, with their claims and what is stored alongside: all of it or nothing.
   * When it resolves, everything is durable on a majority (P11).
   * @throws VersionConflict, ClaimTaken, RecordExists: refused alone, others are not affected.
   * @throws ClaimsMissing, LogDamaged: until an operator has mended it.
   * @throws LogUnavailable (nothing stored) or OutcomeUnknown after the deadline.
   * @throws AppendTooLarge before anything is sent.
   */
  append(request: AppendRequest): Promise<Appended> {
    return this.groupCommit.append(request);
  }

  /** See read-stream.ts. */
  async readStream(stream: string, toVersion?: number): Promise<RecordedEvent[]> {
    const events = await readStream(this.collections, stream, toVersion);
    this.known.see(stream, events.length);
    return events;
  }

  /** See read-log.ts. */
  readLog(range?: { after?: number; upTo?: number }): AsyncGenerator<RecordedEvent[]> {
    return readLog(this.collections, range);
  }

  /** The committed end of the log. @throws LogDamaged where it has no head. */
  head(): Promise<LogHead> {
    return readHead(this.collections);
  }

  /**
   * Who holds `value`: the holder, `null` for nobody, or `'unknown'` where the claims were wiped or are
   * being put back, and an absent claim says nothing.
   */
  async findClaim(value: string): Promise<ClaimState> {
    const [state] = await this.findClaims([value]);
    return state as ClaimState;
  }

  /** `findClaim` for many values in one read, in their order. */
  async findClaims(values: readonly string[]): Promise<ClaimState[]> {
    const found = await this.collections.claims
      .find({ _id: { $in: [...values, CLAIMS_SENTINEL_ID] } })
      .toArray();
    const byValue = new Map(found.map((claim) => [claim._id, claim]));
    const absent = found.some(isOpenSentinel) ? null : 'unknown';
    return values.map((value) => {
      const claim = byValue.get(value);
      if (claim?.family === undefined || claim.member === undefined) return absent;
      return { family: claim.family, member: claim.member, position: Number(claim.position) };
    });
  }

  /** Answers everything that waits, takes nothing more. */
  close(): Promise<void> {
    return this.groupCommit.close();
  }
}
