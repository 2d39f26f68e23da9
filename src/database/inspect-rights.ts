import mongoose, { type mongo } from 'mongoose';
import { logDatabaseOf } from './database-names.js';
import { found, RUN_INIT, together, type Finding, type Inspection } from './finding.js';
import { grantedPrivileges, rightsMissing, rightsToRewrite } from './granted-rights.js';
import { hasCode, MONGO_CODE } from './mongo-codes.js';

const MAJORITY_TIMEOUT_MS = 5_000;

/**
 * Looks, by trying, whether this connection can do what the service needs and cannot do what it must not:
 * change or delete events (P2), remove families' keys, or give itself the right to.
 * @param options.allowWritableLog makes a writable log a warning.
 */
export async function inspectRights(
  client: mongo.MongoClient,
  name: string,
  { allowWritableLog, projections }: { allowWritableLog: boolean; projections: readonly string[] },
): Promise<Inspection> {
  const { granted, rewriting } = await rightsOf(client, name);
  const writable: Finding = {
    code: 'log-writable',
    problem: `this database user can change history: it may ${rewriting.join('; ')}`,
    remedy:
      'connect as the user "service", with no other role, on a server with access control; for one without, ALLOW_WRITABLE_LOG=true starts all the same',
  };
  const missing = rightsMissing(granted, name, 'service', projections).map((right) => ({
    code: 'right-missing',
    problem: `this database user may not ${right}`,
    remedy: RUN_INIT,
  }));
  return together([
    rewriting.length === 0 ? together([]) : found(allowWritableLog ? 'warnings' : 'findings', writable),
    found('findings', ...missing),
  ]);
}

/**
 * The same for a user whose commands only look: it can read all they need, and cannot write, whatever a
 * command does (P9).
 */
export async function inspectReadingRights(
  client: mongo.MongoClient,
  name: string,
  { user, allowWritableLog }: { user: 'reader' | 'auditor'; allowWritableLog: boolean },
): Promise<Inspection> {
  const { granted, rewriting } = await rightsOf(client, name);
  const missing = rightsMissing(granted, name, user, []).map((right) => ({
    code: 'right-missing',
    problem: `the database user "${user}" may not ${right}`,
    remedy: RUN_INIT,
  }));
  const writes: Finding = {
    code: 'reader-writes',
    problem: `commands that only look connect as "${user}", and this user may ${rewriting.join('; ')}`,
    remedy: `take every other role from the user "${user}", or correct the connection string that names another`,
  };
  return together([
    found('findings', ...missing),
    rewriting.length === 0 ? together([]) : found(allowWritableLog ? 'warnings' : 'findings', writes),
  ]);
}

/** Looks whether a majority of the replica set confirms a write (P11). Changes nothing. */
export async function inspectMajority(client: mongo.MongoClient, name: string): Promise<Inspection> {
  try {
    await client
      .db(logDatabaseOf(name))
      .collection<{ _id: string }>('log_head')
      .updateOne(
        { _id: 'no such document' },
        { $set: { at: new Date(0) } },
        { writeConcern: { w: 'majority', journal: true, wtimeoutMS: MAJORITY_TIMEOUT_MS } },
      );
    return together([]);
  } catch (error) {
    // Said already: by the missing rights, or by the structure that a view is no part of.
    if (hasCode(error, MONGO_CODE.unauthorized, MONGO_CODE.commandNotSupportedOnView)) return together([]);
    if (!(error instanceof mongoose.mongo.MongoError)) throw error;
    return found('findings', {
      code: 'no-majority',
      problem: `no majority of the replica set confirms writes: ${error.message}`,
      remedy: 'look at rs.status(): a majority of the data-bearing members must be up and caught up',
    });
  }
}

async function rightsOf(client: mongo.MongoClient, name: string) {
  const [tried, granted] = await Promise.all([tryToRewrite(client, name), grantedPrivileges(client)]);
  return { granted, rewriting: rightsToRewrite(granted ?? [], name, tried) };
}

/** Without access control everything is possible, whatever was granted: only trying tells. */
async function tryToRewrite(client: mongo.MongoClient, name: string): Promise<string[]> {
  const events = client.db(logDatabaseOf(name)).collection<{ _id: number }>('events');
  const probes = {
    update: () => events.updateOne({ _id: -1 }, { $set: { type: 'probe' } }),
    remove: () => events.deleteOne({ _id: -1 }),
  };
  const results = await Promise.all(
    Object.entries(probes).map(async ([action, probe]) => {
      try {
        await probe();
        return [action];
      } catch (error) {
        if (hasCode(error, MONGO_CODE.unauthorized, MONGO_CODE.commandNotSupportedOnView)) return [];
        throw error;
      }
    }),
  );
  return results.flat();
}
