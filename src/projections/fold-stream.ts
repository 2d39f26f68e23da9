import { DocumentMissing, DocumentPresent, type Projection, type ProjectedEvent } from './projection.js';
import type { FoldedDocument } from './documents.js';
import type { RecordedEvent } from '../event-log/event.js';
import { Undecodable, type Decoded, type EventDecoder } from './event-decoder.js';
import type { ParkedStream } from './quarantine/quarantine.js';

/** Whether a projection is about this type of event. */
export function isAbout(projection: Projection, type: string): boolean {
  return Object.hasOwn(projection.on, type);
}

/** An event that only newer code can read stands in the way of a projection that needs it. */
export class NeedsNewerCode extends Error {
  constructor(
    readonly position: number,
    type: string,
    schema: number,
  ) {
    super(
      `The event at position ${position} (${type}, schema ${schema}) was written by a newer version of this ` +
        'service; run that version',
    );
    this.name = 'NeedsNewerCode';
  }
}

/** @throws NeedsNewerCode where a projection that tells of everything meets a type that this code does not know */
export function refuseUnknownTypes(
  { needsEveryType }: Projection,
  decoder: EventDecoder,
  events: readonly RecordedEvent[],
): void {
  if (needsEveryType !== true) return;
  const unknown = events.find(({ type }) => !decoder.knows(type));
  if (unknown !== undefined) throw new NeedsNewerCode(unknown.position, unknown.type, unknown.schema);
}

/** Folds one event into the document it is about. @throws whatever the projection's handler throws */
export function foldEvent(
  projection: Projection,
  documents: Map<string, FoldedDocument | null>,
  event: ProjectedEvent,
): void {
  const handler = projection.on[event.type];
  if (handler === undefined) return;
  const id = projection.key(event);
  const before = documents.get(id) ?? null;
  // Folded already, by an earlier try whose checkpoint was not moved.
  if (before !== null && before.position >= event.position) return;
  const fields = handler(before?.fields ?? null, event);
  documents.set(id, fields === null ? null : { fields, position: event.position });
}

/**
 * The documents that one stream gives, from its first event on, for a projection fed by single streams. Stops
 * at an event that cannot be taken and says so.
 * @throws NeedsNewerCode
 */
export function foldStream(
  projection: Projection,
  events: readonly Decoded[],
): { documents: Map<string, FoldedDocument | null>; parked: ParkedStream | null } {
  const documents = new Map<string, FoldedDocument | null>();
  for (const event of events) {
    try {
      foldEvent(projection, documents, requireDecoded(event));
    } catch (error) {
      if (error instanceof NeedsNewerCode) throw error;
      return { documents, parked: parkedBy(event, error) };
    }
  }
  return { documents, parked: null };
}

/** How many documents a stream gave. */
export function countDocuments({ documents }: { documents: ReadonlyMap<string, unknown> }): number {
  return [...documents.values()].filter((document) => document !== null).length;
}

/** The event, if it could be read. @throws NeedsNewerCode, or what made it unreadable */
export function requireDecoded(event: Decoded): ProjectedEvent {
  if (!(event instanceof Undecodable)) return event;
  const { recorded, error, needsNewerCode } = event;
  if (needsNewerCode) throw new NeedsNewerCode(recorded.position, recorded.type, recorded.schema);
  throw error;
}

/** How a stream is parked because of this event. */
export function parkedBy(event: Decoded, error: unknown): ParkedStream {
  const { stream, position, type } = event instanceof Undecodable ? event.recorded : event;
  const message =
    error instanceof DocumentMissing || error instanceof DocumentPresent
      ? `${error.message}, also after its stream was read again`
      : '';
  return {
    stream,
    position,
    type,
    error: message || (error instanceof Error ? error.message : String(error)),
  };
}
