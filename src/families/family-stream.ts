import type { RecordedEvent, NewEvent } from '../event-log/event.js';
import { seal, unseal } from '../privacy/seal.js';
import { claimsOf, familyEventCatalogue, parseFamilyEvent, type FamilyEvent } from './domain/events.js';
import { evolve, initialState, type FamilyState } from './domain/state.js';

const PREFIX = 'family-';

/** A family's stream; its name is stored with every event. */
export function familyStream(family: string): string {
  return PREFIX + family;
}

/** The family a stream belongs to, or null for a stream of another kind. */
export function familyOf(stream: string): string | null {
  return stream.startsWith(PREFIX) ? stream.slice(PREFIX.length) : null;
}

/** A domain event made ready for the log: personal fields sealed in their place, claims declared. */
export function toNewEvent(family: string, version: number, key: Uint8Array, event: FamilyEvent): NewEvent {
  const stream = familyStream(family);
  const claims = claimsOf(event).map(({ kind, email, member }) => ({
    kind,
    value: email,
    holder: { family, member },
  }));
  return {
    type: event.type,
    schema: familyEventCatalogue[event.type].schema,
    data: event.data,
    ...(Object.keys(event.personal).length === 0
      ? {}
      : { sealed: seal(key, { stream, version }, { ...event.personal }) }),
    ...(claims.length === 0 ? {} : { claims }),
  };
}

/** A stored event opened with its family's key. @throws SealBroken, UnknownEventShape */
export function toFamilyEvent(recorded: RecordedEvent, key: Uint8Array): FamilyEvent {
  const { type, schema, data, sealed } = recorded;
  const personal = sealed === undefined ? {} : unseal(key, recorded, sealed);
  return parseFamilyEvent(type, schema, { data, personal });
}

/** The state after these events, which are a stream's first ones in order. */
export function foldFamily(events: readonly RecordedEvent[], key: Uint8Array): FamilyState {
  return events.reduce<FamilyState>(
    (state, recorded) => evolve(state, toFamilyEvent(recorded, key), recorded),
    initialState,
  );
}
