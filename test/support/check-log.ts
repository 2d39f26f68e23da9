import mongoose, { type mongo } from 'mongoose';
import { chainHash, GENESIS_HASH, splitStoredBytes } from '../../src/event-log/event-bytes.js';
import type { EventDocument } from '../../src/event-log/event.js';
import { familyOf } from '../../src/families/family-stream.js';

const { BSON, ReadConcern } = mongoose.mongo;

/** Types of events that make one claim each. */
const CLAIMING_TYPES = ['FamilyRegistered'];

/** What a whole log holds, and everything that contradicts itself in it. */
export interface LogCheck {
  events: number;
  streams: number;
  claims: number;
  sentinel: number | null;
  /** Sentences; empty for a sound log. */
  problems: string[];
}

interface SeenLog {
  events: Map<number, { stream: string; type: string }>;
  versions: Map<string, number>;
  problems: string[];
}

/**
 * Reads a whole log as it lies on disk and checks all that it promises: positions and versions without a hole,
 * time that never goes back, the hash chain over the stored bytes, the head, one claim for every event that
 * makes one and one such event for every claim, the sentinel, one key per family, and nothing answered for
 * under an idempotency key that is not there. Nothing may write meanwhile.
 * @param client may read all collections of the log (root or auditor).
 */
export async function checkLog(client: mongo.MongoClient, logDatabase: string): Promise<LogCheck> {
  const db = client.db(logDatabase, { readConcern: new ReadConcern('majority') });
  const seen: SeenLog = { events: new Map(), versions: new Map(), problems: [] };
  await checkChain(db, seen);
  const { claims, sentinel } = await checkClaims(db, seen);
  await checkAlongside(db, seen);
  return {
    events: seen.events.size,
    streams: seen.versions.size,
    claims,
    sentinel,
    problems: seen.problems,
  };
}

async function checkChain(db: mongo.Db, { events, versions, problems }: SeenLog): Promise<void> {
  const stored = db.collection('events').find({}, { raw: true, sort: { _id: 1 } });
  let previous = { position: 0, hash: GENESIS_HASH, at: 0 };
  for await (const document of stored) {
    const raw: unknown = document;
    if (!Buffer.isBuffer(raw)) throw new TypeError('Events are read as raw bytes');
    const { _id, stream, version, type, at } = BSON.deserialize(raw) as unknown as EventDocument;
    const position = Number(_id);
    const split = splitStoredBytes(raw);
    const hash = split?.hash ?? Buffer.alloc(0);
    if (position !== previous.position + 1)
      problems.push(`position ${previous.position} is followed by ${position}`);
    if (split === null || !chainHash(previous.hash, split.body).equals(hash))
      problems.push(`the chain breaks at position ${position}`);
    if (at.getTime() < previous.at) problems.push(`time goes back at position ${position}`);
    const expected = (versions.get(stream) ?? 0) + 1;
    if (version !== expected) problems.push(`${stream} has version ${version} where ${expected} belongs`);
    versions.set(stream, version);
    events.set(position, { stream, type });
    previous = { position, hash, at: at.getTime() };
  }
  const head = await db.collection('log_head').findOne();
  if (Number(head?.['position']) !== previous.position)
    problems.push(`the head is at ${String(head?.['position'])} and the log ends at ${previous.position}`);
  if (!previous.hash.equals(Buffer.from(head?.['hash'].buffer)))
    problems.push('the head has another hash than the last event');
  if (head?.['at'].getTime() !== previous.at) problems.push('the head has another time than the last event');
}

async function checkClaims(
  db: mongo.Db,
  { events, problems }: SeenLog,
): Promise<{ claims: number; sentinel: number | null }> {
  const unclaimed = new Set(
    [...events].filter(([, { type }]) => CLAIMING_TYPES.includes(type)).map(([position]) => position),
  );
  let claims = 0;
  let sentinel: number | null = null;
  for await (const claim of db.collection<mongo.Document & { _id: string }>('email_claims').find()) {
    if (claim._id === '#claims') sentinel = Number(claim['count']);
    else if (claim._id === '#rebuild') problems.push('a rebuild of the claims has not ended');
    else {
      claims += 1;
      const position = Number(claim['position']);
      const made = unclaimed.delete(position) && familyOf(events.get(position)!.stream) === claim['family'];
      if (!made) problems.push(`no event made the claim of family ${String(claim['family'])} at ${position}`);
    }
  }
  for (const position of unclaimed) problems.push(`the event at position ${position} has no claim`);
  if (sentinel !== claims) problems.push(`the sentinel counts ${sentinel} and there are ${claims} claims`);
  return { claims, sentinel };
}

async function checkAlongside(db: mongo.Db, { versions, problems }: SeenLog): Promise<void> {
  const streams = new Set(versions.keys());
  for await (const { _id } of db.collection('family_keys').find({}, { projection: { _id: 1 } })) {
    if (!streams.delete(`family-${String(_id)}`))
      problems.push(`there is a key and no family ${String(_id)}`);
  }
  for (const stream of streams) problems.push(`${stream} has no key`);
  for await (const { stream, version } of db.collection('idempotency_keys').find()) {
    if ((versions.get(stream) ?? 0) < version)
      problems.push(`an answer was given for version ${version} of ${stream}, which is not there`);
  }
}
