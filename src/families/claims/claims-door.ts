import mongoose, { type mongo } from 'mongoose';
import { CLAIMS_REBUILD_ID, CLAIMS_SENTINEL_ID, OPEN_CLAIMS_SENTINEL } from '../../database/collections.js';
import type { LogCollections } from '../../event-log/log-collections.js';
import { ClaimsRebuildDisturbed, type ClaimsLease } from './claims-lease.js';

const { Long } = mongoose.mongo;

/** Claims moved in one transaction. */
const PER_TRANSACTION = 500;

/**
 * Closes the sentinel in the transaction of `session`: from its commit on nothing is claimed or given back. A
 * wiped one is put back closed, before any claim. One that is closed already stays as it is.
 */
export async function closeClaims({ claims }: LogCollections, session: mongo.ClientSession): Promise<void> {
  const closedSince = new Date();
  const closed = await claims.updateOne(OPEN_CLAIMS_SENTINEL, { $set: { closedSince } }, { session });
  if (closed.matchedCount === 1) return;
  if ((await claims.findOne({ _id: CLAIMS_SENTINEL_ID }, { session })) !== null) return;
  await claims.insertOne({ _id: CLAIMS_SENTINEL_ID, count: Long.ZERO, closedSince }, { session });
}

/**
 * Opens the sentinel in the transaction of `session`, for `count` claims.
 * @throws ClaimsRebuildDisturbed where it is no longer there, or no longer closed.
 */
export async function openClaims(
  { claims }: LogCollections,
  session: mongo.ClientSession,
  count: number,
): Promise<void> {
  const opened = await claims.updateOne(
    { _id: CLAIMS_SENTINEL_ID, closedSince: { $exists: true } },
    { $set: { count: Long.fromNumber(count) }, $unset: { closedSince: true } },
    { session },
  );
  if (opened.matchedCount === 0) throw new ClaimsRebuildDisturbed('they were wiped meanwhile');
}

/**
 * Sees to it that the sentinel lies before every claim, where `deleteMany` meets it first. Claims that lie
 * before it, because a wipe took it and left them, are stored again behind it: each is there all the time.
 */
export async function putSentinelFirst(log: LogCollections, lease: ClaimsLease): Promise<void> {
  for (
    let early = await claimsBeforeSentinel(log);
    early.length > 0;
    early = await claimsBeforeSentinel(log)
  ) {
    const they = { _id: { $in: early } };
    await lease.write(async (session) => {
      // As they are: a position is never stored as another type of number.
      const documents = await log.claims.find(they, { session, promoteLongs: false }).toArray();
      await log.claims.deleteMany(they, { session });
      if (documents.length > 0) await log.claims.insertMany(documents, { session });
    });
  }
}

async function claimsBeforeSentinel({ claims }: LogCollections): Promise<string[]> {
  const early: string[] = [];
  const inNaturalOrder = claims.find({}, { projection: { _id: 1 } }).sort({ $natural: 1 });
  for await (const { _id } of inNaturalOrder) {
    if (_id === CLAIMS_SENTINEL_ID) return early;
    if (_id !== CLAIMS_REBUILD_ID) early.push(_id);
    if (early.length === PER_TRANSACTION) return early;
  }
  throw new ClaimsRebuildDisturbed('they were wiped meanwhile');
}
