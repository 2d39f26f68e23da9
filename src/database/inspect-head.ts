import mongoose, { type mongo } from 'mongoose';
import { LOG_HEAD_ID } from './collections.js';
import { found, RESTORE_LOG, together, type Inspection } from './finding.js';
import { chainHash, GENESIS_HASH, rawBytes, splitStoredBytes } from './hash-chain.js';

/**
 * Looks whether the head and the end of the log fit together: position, hash, and the bytes the hash is of.
 * Reads two events; the whole chain is for those who read the whole log.
 */
export async function inspectHead(log: mongo.Db, session: mongo.ClientSession): Promise<Inspection> {
  const problem = await problemOf(log, session);
  if (problem === null) return together([]);
  return found('findings', {
    code: 'log-damaged',
    problem,
    remedy: RESTORE_LOG,
  });
}

async function problemOf(log: mongo.Db, session: mongo.ClientSession): Promise<string | null> {
  const head = await log
    .collection<{ _id: string; position: number; hash: mongo.Binary }>('log_head')
    .findOne({ _id: LOG_HEAD_ID }, { session });
  const [last, before] = (
    await log.collection('events').find({}, { raw: true, session }).sort({ _id: -1 }).limit(2).toArray()
  ).map((document) => storedEvent(rawBytes(document)));
  const position = last?.position ?? 0;
  if (head === null) {
    return `${log.databaseName}.log_head holds no head, and the last event has position ${position}`;
  }
  if (head.position !== position) {
    return `the head of the log is at position ${head.position}, but its last event has position ${position}`;
  }
  const stored = last === undefined ? GENESIS_HASH : last.split?.hash;
  if (stored?.equals(head.hash.buffer) !== true) {
    return `the head has another hash than the last event (position ${position})`;
  }
  if (last === undefined) return null;
  const previous = position === 1 ? GENESIS_HASH : before?.split?.hash;
  if (before !== undefined && before.position !== position - 1) return `position ${position - 1} is missing`;
  const given = last.split === null || previous === undefined ? null : chainHash(previous, last.split.body);
  if (given?.equals(head.hash.buffer) === true) return null;
  return `the last event (position ${position}) does not continue the chain`;
}

function storedEvent(raw: Buffer): { position: number; split: ReturnType<typeof splitStoredBytes> } {
  const { _id } = mongoose.mongo.BSON.deserialize(raw);
  return { position: Number(_id), split: splitStoredBytes(raw) };
}
