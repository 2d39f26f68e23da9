import type { Note } from './notes.js';
import type { StoredClaim, StoredEvent } from './stored-log.js';

/** What a history did, and what it left behind. */
export interface History {
  notes: ReadonlyMap<string, readonly Note[]>;
  events: readonly StoredEvent[];
  claims: readonly StoredClaim[];
}

/** Every way in which a history can break a promise. */
export type ViolationKind =
  /** The log contradicts itself (check-log.ts). */
  | 'damaged'
  /** What was acknowledged is not there, or is somewhere else. */
  | 'lost'
  /** It is there with another type or other contents than were sent. */
  | 'altered'
  /** Only a part of an append is there, or its parts are not together. */
  | 'torn'
  /** It is there although its caller was told that it is not. */
  | 'refused and stored'
  /** A command is there more than once. */
  | 'doubled'
  /** An event is there that nobody sent. */
  | 'invented'
  /** What was sent after an acknowledgement came before what was acknowledged. */
  | 'out of order'
  /** A reader saw a position before the one before it. */
  | 'seen before its predecessor'
  /** A reader saw what is not in the log. */
  | 'seen and gone'
  /** A reader saw less of a stream than had been acknowledged before it began to read. */
  | 'not seen'
  /** An address belongs to two families, or to another one than its event says. */
  | 'two owners'
  /** One key was given two answers. */
  | 'answered differently'
  /** Somebody was refused, or stopped, by what must not happen while the log is sound. */
  | 'unexpected error'
  /** A read model is no fold of the log. */
  | 'projection differs';

/** A broken promise, with what shows it. */
export interface Violation {
  kind: ViolationKind;
  facts: string;
}
