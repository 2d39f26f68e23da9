import { createHash } from 'node:crypto';
import type { Claim } from '../../event-log/event-log.js';
import type { RecordedEvent } from '../../event-log/event.js';
import type { LogCollections } from '../../event-log/log-collections.js';
import {
  CHAIN_START,
  readHeadAtEnd,
  readVerifiedLog,
  type ChainPoint,
} from '../../event-log/read/read-verified-log.js';
import type { FamilyKeys } from '../../privacy/family-keys.js';
import { claimsOf, familyEventCatalogue } from '../domain/events.js';
import { familyOf, toFamilyEvent } from '../family-stream.js';
import type { UnreadableClaims } from './unreadable-claims.js';

/**
 * Two families whose events claim one address. The earlier position keeps it; where one of the events cannot be
 * read, whoever has the claim does.
 */
export interface ContestedClaim {
  kept: Claim;
  refused: Claim;
}

/** Tells progress in positions of the log, after each page; what it returns is waited for. */
export type OnProgress = (done: number, total: number) => Promise<void> | void;

/**
 * The claims as the log says they should be, for one share of the addresses: memory stays bounded however many
 * there are, at the price of reading the log once per share.
 */
export class ExpectedClaims {
  readonly claims = new Map<string, Claim>();
  readonly contested: ContestedClaim[] = [];
  /** Everything up to here is taken into account, and has proved to be the chain. */
  private reached: ChainPoint = CHAIN_START;

  constructor(
    private readonly log: LogCollections,
    private readonly keys: FamilyKeys,
    readonly unreadable: UnreadableClaims,
    private readonly share: { part: number; parts: number },
  ) {}

  get position(): number {
    return this.reached.position;
  }

  /**
   * Goes on to the present head and verifies the hash chain on the way; returns whether there was anything new.
   * @throws LogDamaged, SealBroken, KeyDoesNotUnwrap
   */
  async advance(onProgress: OnProgress = () => undefined): Promise<boolean> {
    const head = await readHeadAtEnd(this.log);
    const began = this.position;
    for await (const page of readVerifiedLog(this.log, head, this.reached)) {
      await this.fold(page);
      this.reached = page.at(-1) ?? this.reached;
      await onProgress(this.position, head.position);
    }
    return this.position > began;
  }

  /** Whether an address belongs to this share. */
  holds(email: string): boolean {
    const { part, parts } = this.share;
    return parts === 1 || createHash('sha256').update(email).digest().readUInt32BE(0) % parts === part;
  }

  /** A stored claim that an unreadable event made stays, whoever's event claims the address besides. */
  keep(email: string, kept: Claim): void {
    this.unreadable.keep(kept.position);
    const refused = this.claims.get(email);
    if (refused === undefined) return;
    this.contested.push({ kept, refused });
    this.claims.delete(email);
  }

  private async fold(page: readonly RecordedEvent[]): Promise<void> {
    const claiming = page.filter(({ type }) => isClaiming(type));
    const families = claiming.map(({ stream }) => familyOf(stream)).filter((family) => family !== null);
    const keys = await this.keys.findMany(families);
    for (const event of claiming) {
      const family = familyOf(event.stream);
      const key = family === null ? undefined : keys.get(family);
      if (family === null || key === undefined) {
        this.unreadable.note(event.position);
        continue;
      }
      for (const { kind, email, member } of claimsOf(toFamilyEvent(event, key))) {
        if (this.holds(email)) this.apply(kind, email, { family, member, position: event.position });
      }
    }
  }

  private apply(kind: 'make' | 'release', email: string, claim: Claim): void {
    const kept = this.claims.get(email);
    if (kind === 'make') {
      if (kept === undefined) this.claims.set(email, claim);
      else this.contested.push({ kept, refused: claim });
    } else if (kept?.family === claim.family && kept.member === claim.member) {
      this.claims.delete(email);
    }
  }
}

function isClaiming(type: string): boolean {
  return CLAIMING_TYPES.has(type);
}

const CLAIMING_TYPES = new Set(
  Object.entries(familyEventCatalogue)
    .filter(([, entry]) => 'claims' in entry)
    .map(([type]) => type),
);
