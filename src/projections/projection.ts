import type { IndexSpec } from '../database/collections.js';

/** An event as projections get it: decoded, opened, its old shape brought up to date. */
export interface ProjectedEvent {
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly at: Date;
  readonly actor: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly personal: Readonly<Record<string, unknown>>;
}

/** What a document holds besides its `_id` and the position it has reached. Never `undefined` fields. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * The document after one more event; null for none. Pure: no clock, no look-up, no effect. The same events
 * give the same document, field order included.
 */
export type Handler = (document: Fields | null, event: ProjectedEvent) => Fields | null;

/**
 * Current state as events tell it: a name, a version and pure handlers, keyed by document id. It holds no
 * connection and no effect (P7).
 */
export interface Projection {
  /** Also the name of the read-only view on its live generation. Stored. */
  readonly name: string;
  /** The next number whenever handlers, keys or indexes change: then the service builds a new generation. */
  readonly version: number;
  /**
   * The oldest version whose documents this code can read as if it had made them: where nothing but indexes has
   * changed since. Left out, it reads its own, and answers "not built yet" until those are there.
   */
  readonly readsFrom?: number;
  /**
   * Where a document's events come from. `one-stream`: from a single stream each, so that it can be folded
   * again from that stream alone. `many-streams`: from anywhere in the log; for few documents.
   */
  readonly fedBy: 'one-stream' | 'many-streams';
  readonly indexes: readonly IndexSpec[];
  /** Which document an event changes. */
  readonly key: (event: ProjectedEvent) => string;
  /** Event types it is about, each with its handler. */
  readonly on: Readonly<Record<string, Handler>>;
  /** True where a type of event that this code does not know must stop it, because it tells of everything. */
  readonly needsEveryType?: true;
}

/** A handler needs a document that is not there. */
export class DocumentMissing extends Error {
  constructor() {
    super('The document that this event changes is not there');
    this.name = 'DocumentMissing';
  }
}

/** A handler makes a document that is there already. */
export class DocumentPresent extends Error {
  constructor() {
    super('The document that this event makes is there already');
    this.name = 'DocumentPresent';
  }
}

/** A handler for events that make a document. @throws DocumentPresent where one is: no event has made it */
export function creating<Document, Event>(
  create: (event: Event) => NoInfer<Document>,
): (document: Document | null, event: Event) => Document | null {
  return (document, event) => {
    if (document !== null) throw new DocumentPresent();
    return create(event);
  };
}

/** A handler for events that change what is there. @throws DocumentMissing where nothing is */
export function changing<Document, Event>(
  change: (document: Document, event: Event) => Document | null,
): (document: Document | null, event: Event) => Document | null {
  return (document, event) => {
    if (document === null) throw new DocumentMissing();
    return change(document, event);
  };
}
