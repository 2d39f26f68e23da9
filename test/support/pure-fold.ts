import mongoose, { type mongo } from 'mongoose';
import type { EventDocument } from '../../src/event-log/event.js';
import { toRecordedEvent } from '../../src/event-log/event-bytes.js';
import { familyOf, toFamilyEvent } from '../../src/families/family-stream.js';
import type { Fields, Projection } from '../../src/projections/projection.js';
import type { Slot } from '../../src/projections/generations/status.js';
import type { TestProjections } from './test-projections.js';

const { BSON, Long } = mongoose.mongo;

/** Documents by id, each in the bytes that it is stored as. */
export type DocumentBytes = Map<string, Buffer>;

/**
 * What a projection should hold: the whole log, one event after the other, through its handlers. Shares nothing
 * with the runner but the handlers and the opening of events.
 */
export async function pureFold(test: TestProjections, projection: Projection): Promise<DocumentBytes> {
  const folded = new Map<string, { fields: Fields; position: number }>();
  for (const event of await wholeLog(test)) {
    const { position, stream, version, at, meta } = event;
    const handler = projection.on[event.type];
    if (handler === undefined) continue;
    const family = familyOf(stream) ?? '';
    const key = await test.keys.find(family);
    if (key === null) throw new Error(`${family} has no key`);
    const { type, data, personal } = toFamilyEvent(event, key);
    const projected = { position, stream, version, type, at, actor: meta.actor, data, personal };
    const id = projection.key(projected);
    const fields = handler(folded.get(id)?.fields ?? null, projected);
    if (fields === null) folded.delete(id);
    else folded.set(id, { fields, position });
  }
  return new Map(
    [...folded].map(([id, { fields, position }]) => [
      id,
      Buffer.from(BSON.serialize({ _id: id, ...fields, position: Long.fromNumber(position) })),
    ]),
  );
}

/** The documents of a slot as they lie on disk. */
export async function storedBytes(
  { database }: Pick<TestProjections, 'database'>,
  projection: string,
  slot: Slot,
): Promise<DocumentBytes> {
  const found = database.rootClient.db(database.name).collection(`${projection}@${slot}`);
  const stored: DocumentBytes = new Map();
  for await (const document of found.find({}, { raw: true })) {
    const bytes = Buffer.from(document as unknown as Buffer);
    stored.set(String(BSON.deserialize(bytes)['_id']), bytes);
  }
  return stored;
}

/** The ids under which two sets of documents differ; for a message that can be read. */
export function differing(expected: DocumentBytes, found: DocumentBytes): string[] {
  const ids = new Set([...expected.keys(), ...found.keys()]);
  return [...ids].filter((id) => {
    const [wanted, present] = [expected.get(id), found.get(id)];
    return wanted === undefined || present === undefined || !wanted.equals(present);
  });
}

async function wholeLog({ database }: TestProjections): Promise<ReturnType<typeof toRecordedEvent>[]> {
  const events: mongo.Collection<EventDocument> = database.rootClient
    .db(database.logName)
    .collection('events');
  return (await events.find({}, { sort: { _id: 1 } }).toArray()).map(toRecordedEvent);
}
