import { createHash } from 'node:crypto';
import mongoose, { type mongo } from 'mongoose';
import type { EventDocument } from '../../../src/event-log/event.js';
import { toRecordedEvent } from '../../../src/event-log/event-bytes.js';
import { familyOf, toFamilyEvent } from '../../../src/families/family-stream.js';
import type { FamilyKeys } from '../../../src/privacy/family-keys.js';

const { BSON, ReadConcern } = mongoose.mongo;

/** An event as it lies in the log after a history. */
export interface StoredEvent {
  position: number;
  stream: string;
  version: number;
  type: string;
  append: string;
  command: string;
  payload: string;
  /** The first eight bytes of its hash, in hexadecimal: what readers note of it. */
  hash: string;
  /** The canonical address of a `FamilyRegistered`, from its sealed part. */
  email: string | null;
}

/** A claim as it lies beside the log. */
export interface StoredClaim {
  email: string;
  family: string;
  position: number;
}

/** The log and its claims as root reads them, each event opened with its family's key. Nothing may write meanwhile. */
export async function readStored(
  client: mongo.MongoClient,
  logDatabase: string,
  keys: FamilyKeys,
): Promise<{ events: StoredEvent[]; claims: StoredClaim[] }> {
  const db = client.db(logDatabase, { readConcern: new ReadConcern('majority') });
  const events: StoredEvent[] = [];
  for await (const document of db.collection('events').find({}, { raw: true, sort: { _id: 1 } })) {
    events.push(await toStored(Buffer.from(document as unknown as Uint8Array), keys));
  }
  const claims = await db
    .collection<{ _id: string; family: string; position: mongo.Long }>('email_claims')
    .find({ family: { $exists: true } })
    .toArray();
  return {
    events,
    claims: claims.map(({ _id, family, position }) => ({ email: _id, family, position: Number(position) })),
  };
}

async function toStored(raw: Buffer, keys: FamilyKeys): Promise<StoredEvent> {
  const recorded = toRecordedEvent(BSON.deserialize(raw) as unknown as EventDocument);
  const { position, stream, version, type, meta, hash } = recorded;
  // Numbers and binaries as they were sent, or their bytes would be others.
  const { data, sealed } = BSON.deserialize(raw, { promoteValues: false, promoteBuffers: false });
  const payload = createHash('sha256').update(
    BSON.serialize({ data, ...(sealed === undefined ? {} : { sealed }) }),
  );
  let email: string | null = null;
  if (type === 'FamilyRegistered') {
    const key = await keys.find(familyOf(stream) ?? '');
    const opened = key === null ? null : toFamilyEvent(recorded, key);
    email = opened?.type === 'FamilyRegistered' ? opened.personal.email : null;
  }
  return {
    ...{ position, stream, version, type, email },
    append: meta.commandId,
    command: meta.causationId,
    payload: payload.digest('hex'),
    hash: hash.toString('hex').slice(0, 16),
  };
}
