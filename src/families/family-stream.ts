import type { RecordedEvent, NewEvent } from '../event-log/event.js';
import { seal, unseal } from '../privacy/seal.js';
import {
  claimsOf,
  familyEventCatalogue,
  familyShapes,
  parseFamilyEvent,
  type FamilyEvent,
} from './domain/events.js';
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

/** An event holds a field that the catalogue does not declare: whether it may be stored in the clear is unknown. */
export class UndeclaredField extends TypeError {
  constructor(type: string, field: string) {
    super(`${type} declares no field "${field}"; declare it in domain/events.ts as personal or not`);
    this.name = 'UndeclaredField';
  }
}

/**
 * A domain event made ready for the log: what the catalogue says is personal is sealed in its place, wherever the
 * event had it; the rest stays in the clear; claims are declared.
 * @throws UndeclaredField for what the catalogue does not know: a mistake in our code
 */
export function toNewEvent(family: string, version: number, key: Uint8Array, event: FamilyEvent): NewEvent {
  const stream = familyStream(family);
  const { data, personal } = asDeclared(event);
  const claims = claimsOf({ ...event, data, personal } as FamilyEvent).map(({ kind, email, member }) => ({
    kind,
    value: email,
    holder: { family, member },
  }));
  return {
    type: event.type,
    schema: familyEventCatalogue[event.type].schema,
    data,
    ...(Object.keys(personal).length === 0 ? {} : { sealed: seal(key, { stream, version }, personal) }),
    ...(claims.length === 0 ? {} : { claims }),
  };
}

/** The event's fields, each where the catalogue puts it. */
function asDeclared({ type, data, personal }: FamilyEvent): Record<'data' | 'personal', Fields> {
  const declared: Record<'data' | 'personal', readonly string[]> = familyEventCatalogue[type];
  const divided: Record<'data' | 'personal', Fields> = { data: {}, personal: {} };
  for (const [field, value] of [...Object.entries<unknown>(data), ...Object.entries<unknown>(personal)]) {
    const part = (['personal', 'data'] as const).find((one) => declared[one].includes(field));
    if (part === undefined) throw new UndeclaredField(type, field);
    if (value !== undefined) divided[part][field] = value;
  }
  return divided;
}

type Fields = Record<string, unknown>;

/** A stored event opened with its family's key. @throws SealBroken, UnknownEventShape */
export function toFamilyEvent(recorded: RecordedEvent, key: Uint8Array, shapes = familyShapes): FamilyEvent {
  const { type, schema, data, sealed } = recorded;
  const personal = sealed === undefined ? {} : unseal(key, recorded, sealed);
  return parseFamilyEvent(type, schema, { data, personal }, shapes);
}

/** The state after these events, which are a stream's first ones in order. */
export function foldFamily(events: readonly RecordedEvent[], key: Uint8Array): FamilyState {
  return events.reduce<FamilyState>(
    (state, recorded) => evolve(state, toFamilyEvent(recorded, key), recorded),
    initialState,
  );
}
