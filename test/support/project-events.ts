import mongoose from 'mongoose';
import type { FamilyEvent } from '../../src/families/domain/events.js';
import type { Fields, Projection, ProjectedEvent } from '../../src/projections/projection.js';
import { foldStream } from '../../src/projections/fold-stream.js';
import { toStored } from '../../src/projections/documents.js';
import { deepFreeze } from './given-when-then.js';

/** What a specification says has happened: an event, and where it differs from the usual, when or by whom. */
export type Happened = FamilyEvent & { at?: Date; actor?: string };

export const FAMILY = '0190c0de-0000-7000-8000-000000000001';
export const OWNER = 'the-owner';
/** The first event happens then, each later one a minute after the one before. */
const BEGAN = Date.parse('2026-03-01T12:00:00Z');

/** When the n-th event happens, from 1. */
export function minute(n: number): Date {
  return new Date(BEGAN + (n - 1) * 60_000);
}

/**
 * `given([events]).then({ id: document })`: the documents that these events of one family give, field by field and
 * in that order, whatever they are folded with: nothing that is handed to a handler may be changed by it.
 */
export function project(projection: Projection): {
  given(events: readonly Happened[]): { then(expected: Readonly<Record<string, Fields>>): void };
} {
  return {
    given: (events) => ({
      then: (expected) => {
        const documents = fold(projection, events);
        expect(documents).toStrictEqual(expected);
        expect(Object.entries(documents).map(orderOf)).toEqual(
          Object.entries(documents).map(([id]) => orderOf([id, expected[id] ?? {}])),
        );
        expect(bytes(fold(projection, events))).toEqual(bytes(documents));
      },
    }),
  };
}

function fold(projection: Projection, events: readonly Happened[]): Record<string, Fields> {
  const placed = events.map(({ at, actor = `member:${OWNER}`, ...event }, index): ProjectedEvent =>
    deepFreeze({
      ...structuredClone(event),
      position: index + 1,
      version: index + 1,
      stream: `family-${FAMILY}`,
      at: at ?? minute(index + 1),
      actor,
    }),
  );
  const { documents, parked } = foldStream(projection, placed);
  if (parked !== null) throw new Error(`Parked at ${parked.position}: ${parked.error}`);
  return Object.fromEntries(
    [...documents].flatMap(([id, document]) => (document === null ? [] : [[id, document.fields] as const])),
  );
}

function orderOf([id, fields]: [string, Fields]): string {
  return `${id}: ${Object.keys(fields).join(', ')}`;
}

function bytes(documents: Readonly<Record<string, Fields>>): string[] {
  return Object.entries(documents).map(([id, fields]) =>
    Buffer.from(mongoose.mongo.BSON.serialize(toStored(id, { fields, position: 1 }))).toString('hex'),
  );
}
