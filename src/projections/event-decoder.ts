import type { RecordedEvent } from '../event-log/event.js';
import type { ProjectedEvent } from './projection.js';

/** An event that could not be opened or understood. */
export class Undecodable {
  constructor(
    readonly recorded: RecordedEvent,
    readonly error: Error,
    /** Newer code has written it: not the event is at fault, and not its stream. */
    readonly needsNewerCode: boolean,
  ) {}
}

export type Decoded = ProjectedEvent | Undecodable;

/** Makes stored events readable for projections; made where their meaning is known. */
export interface EventDecoder {
  /** Whether the code knows this type of event at all. */
  knows(type: string): boolean;
  /** The events in their order. Does not throw for an event it cannot read; throws where the database is away. */
  decode(events: readonly RecordedEvent[]): Promise<Decoded[]>;
}
