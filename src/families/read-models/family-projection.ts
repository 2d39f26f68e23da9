import type { Projection, ProjectedEvent } from '../../projections/projection.js';
import type { FamilyEvent, FamilyEventType } from '../domain/events.js';
import { familyOf } from '../family-stream.js';

type OfType<Type extends FamilyEventType> = Extract<FamilyEvent, { type: Type }>;

/** A family's event with its place, as the handlers of a family's read models get it. */
export type Projected<Event extends FamilyEvent = FamilyEvent> = Omit<
  ProjectedEvent,
  'type' | 'data' | 'personal'
> &
  Event;

/** What a read model of families declares; see `Projection`. */
interface Declaration<Document> extends Omit<Projection, 'key' | 'on'> {
  key: (event: Projected) => string;
  on: {
    readonly [Type in FamilyEventType]?: (
      document: Document | null,
      event: Projected<OfType<Type>>,
    ) => Document | null;
  };
}

/** A projection whose handlers are checked against the shapes of the events and of its documents. */
export function familyProjection<Document extends object>(declared: Declaration<Document>): Projection {
  // The engine gives each handler events of its own type, and the documents it has returned.
  return declared as unknown as Projection;
}

/** The family whose event this is. */
export function familyIdOf({ stream }: { stream: string }): string {
  const family = familyOf(stream);
  if (family === null) throw new RangeError(`${stream} is not a family's stream`);
  return family;
}
