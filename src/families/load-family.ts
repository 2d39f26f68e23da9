import type { EventLog } from '../event-log/event-log.js';
import type { FamilyKeys } from '../privacy/family-keys.js';
import { initialState, type FamilyState } from './domain/state.js';
import { familyStream, foldFamily } from './family-stream.js';

/** The family's events are there and its key is not: it was destroyed, or the keys were lost. */
export class FamilyKeyMissing extends Error {
  constructor(readonly family: string) {
    super(`The key of family ${family} is missing; its personal data cannot be read`);
    this.name = 'FamilyKeyMissing';
  }
}

/** A family as its stream tells it, up to one version. */
export interface LoadedFamily {
  id: string;
  state: FamilyState;
  /** The last event's version in the stream; 0 where there is no such family. */
  version: number;
  /** The last event's position in the log; 0 where there is no such family. */
  position: number;
  /** The family's data key; null where there is no such family. */
  key: Buffer | null;
}

/**
 * Reads a family's stream, up to `toVersion` where one is given, and folds it.
 * @throws FamilyKeyMissing, LogDamaged, SealBroken, KeyDoesNotUnwrap
 */
export async function loadFamily(
  log: EventLog,
  keys: FamilyKeys,
  id: string,
  toVersion?: number,
): Promise<LoadedFamily> {
  const [events, key] = await Promise.all([log.readStream(familyStream(id), toVersion), keys.find(id)]);
  const last = events.at(-1);
  if (last === undefined) return { id, state: initialState, version: 0, position: 0, key: null };
  if (key === null) throw new FamilyKeyMissing(id);
  return {
    id,
    state: foldFamily(events, key),
    version: last.version,
    position: last.position,
    key,
  };
}
