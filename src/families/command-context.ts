import type { IdempotencyKey } from '../idempotency/idempotency-keys.js';
import type { FamilyState } from './domain/state.js';

/** What surrounds a command: who, caused by what, and under which conditions. Built where the request arrives. */
export interface CommandContext {
  /** `member:<id>`, `operator:<id>` or `system:<part>`; null for one who is only about to become a member. */
  actor: string | null;
  /** The same for everything one request from outside sets off. */
  correlationId: string;
  /** The id of the request, or of the event a reaction answers. */
  causationId: string;
  now: Date;
  /** P12: the same key, at once or later, gets the first call's answer. */
  idempotencyKey: IdempotencyKey | null;
  /** Refuses the command unless it holds of the family as it is (If-Match). */
  requires?: (state: FamilyState, version: number) => boolean;
}

/** The family changed since the caller last saw it. */
export class FamilyChanged extends Error {
  constructor() {
    super('The family changed since the version that this request was made for');
    this.name = 'FamilyChanged';
  }
}
