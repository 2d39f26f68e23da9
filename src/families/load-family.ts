import type { RecordedEvent } from '../event-log/event.js';
import type { EventLog } from '../event-log/event-log.js';
import type { FamilyKeys } from '../privacy/family-keys.js';
import type { FamilyEvent } from './domain/events.js';
import { initialState, type FamilyState } from './domain/state.js';
import { familyStream, foldFamily, toFamilyEvent } from './family-stream.js';

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
 * Reads a family's stream and folds it.
 * @throws FamilyKeyMissing, LogDamaged, SealBroken, KeyDoesNotUnwrap
 */
export async function loadFamily(log: EventLog, keys: FamilyKeys, id: string): Promise<LoadedFamily> {
  const { events, key } = await readFamily(log, keys, id);
  return fold(id, events, key);
}

/**
 * A family as it was at one version, and the events that made it so: the first has version 1.
 * @throws as loadFamily
 */
export async function loadFamilyAsOf(
  log: EventLog,
  keys: FamilyKeys,
  id: string,
  version: number,
): Promise<{ family: LoadedFamily; events: FamilyEvent[] }> {
  const { events, key } = await readFamily(log, keys, id, version);
  return {
    family: fold(id, events, key),
    events: key === null ? [] : events.map((event) => toFamilyEvent(event, key)),
  };
}

async function readFamily(
  log: EventLog,
  keys: FamilyKeys,
  id: string,
  toVersion?: number,
): Promise<{ events: RecordedEvent[]; key: Buffer | null }> {
  const [events, key] = await Promise.all([log.readStream(familyStream(id), toVersion), keys.find(id)]);
  if (events.length > 0 && key === null) throw new FamilyKeyMissing(id);
  return { events, key };
}

function fold(id: string, events: readonly RecordedEvent[], key: Buffer | null): LoadedFamily {
  const last = events.at(-1);
  if (last === undefined || key === null) {
    return { id, state: initialState, version: 0, position: 0, key: null };
  }
  return { id, state: foldFamily(events, key), version: last.version, position: last.position, key };
}
