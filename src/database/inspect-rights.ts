import mongoose, { type mongo } from 'mongoose';
import { logDatabaseOf } from './database-names.js';
import { found, RUN_INIT, together, type Finding, type Inspection } from './finding.js';
import { hasCode, MONGO_CODE } from './mongo-codes.js';
import { privilegesOf, type Privilege } from './roles.js';

/** With any of these on `events`, history could be changed, emptied, expired or replaced. */
const REWRITING_ACTIONS = [
  'anyAction',
  'update',
  'remove',
  'bypassDocumentValidation',
  'dropCollection',
  'dropDatabase',
  'collMod',
  'convertToCapped',
  'createIndex',
  'dropIndex',
  'renameCollectionSameDB',
  'applyOps',
  'restore',
];

const MAJORITY_TIMEOUT_MS = 5_000;

interface GrantedPrivilege {
  resource: { db?: string; collection?: string; anyResource?: boolean; cluster?: boolean };
  actions: string[];
}

/**
 * Looks, by trying, whether this connection can do what the service needs and cannot do what it must not:
 * change or delete events (P2).
 * @param options.allowWritableLog makes a writable log a warning.
 */
export async function inspectRights(
  client: mongo.MongoClient,
  name: string,
  { allowWritableLog, projections }: { allowWritableLog: boolean; projections: readonly string[] },
): Promise<Inspection> {
  const [tried, granted] = await Promise.all([tryToRewrite(client, name), grantedPrivileges(client)]);
  const rewriting = [...new Set([...tried, ...rewritingActions(granted, name)])];
  const writable: Finding = {
    code: 'log-writable',
    problem: `this database user can change history: it may ${rewriting.join(', ')} on ${logDatabaseOf(name)}.events`,
    remedy:
      'connect as the user "service", on a server with access control; for one without, ALLOW_WRITABLE_LOG=true starts all the same',
  };
  return together([
    rewriting.length === 0 ? together([]) : found(allowWritableLog ? 'warnings' : 'findings', writable),
    found('findings', ...missingRights(granted, name, projections)),
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
    // Said by missingRights already.
    if (hasCode(error, MONGO_CODE.unauthorized)) return together([]);
    if (!(error instanceof mongoose.mongo.MongoError)) throw error;
    return found('findings', {
      code: 'no-majority',
      problem: `no majority of the replica set confirms writes: ${error.message}`,
      remedy: 'look at rs.status(): a majority of the data-bearing members must be up and caught up',
    });
  }
}

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
        if (hasCode(error, MONGO_CODE.unauthorized)) return [];
        throw error;
      }
    }),
  );
  return results.flat();
}

/** Undefined where nobody is signed in. */
async function grantedPrivileges(client: mongo.MongoClient): Promise<GrantedPrivilege[] | undefined> {
  const { authInfo } = (await client.db('admin').command({ connectionStatus: 1, showPrivileges: true })) as {
    authInfo: { authenticatedUsers: unknown[]; authenticatedUserPrivileges: GrantedPrivilege[] };
  };
  return authInfo.authenticatedUsers.length === 0 ? undefined : authInfo.authenticatedUserPrivileges;
}

function rewritingActions(granted: readonly GrantedPrivilege[] | undefined, name: string): string[] {
  const events = { db: logDatabaseOf(name), collection: 'events' };
  return (granted ?? [])
    .filter(({ resource }) => covers(resource, events) || resource.cluster === true)
    .flatMap(({ actions }) => actions.filter((action) => REWRITING_ACTIONS.includes(action)));
}

function missingRights(
  granted: readonly GrantedPrivilege[] | undefined,
  name: string,
  projections: readonly string[],
): Finding[] {
  if (granted === undefined) return [];
  return privilegesOf('service', name, projections).flatMap(({ resource, actions }) => {
    const held = granted
      .filter((privilege) => covers(privilege.resource, resource))
      .flatMap((each) => each.actions);
    const missing = held.includes('anyAction') ? [] : actions.filter((action) => !held.includes(action));
    if (missing.length === 0) return [];
    const where = [resource.db, resource.collection].filter((part) => part !== '').join('.');
    return [
      {
        code: 'right-missing',
        problem: `this database user may not ${missing.join(', ')} on ${where}`,
        remedy: RUN_INIT,
      },
    ];
  });
}

/** An empty name in a granted resource stands for all of them. */
function covers(
  { db, collection, anyResource }: GrantedPrivilege['resource'],
  wanted: Privilege['resource'],
): boolean {
  if (anyResource === true) return true;
  return (db === '' || db === wanted.db) && (collection === '' || collection === wanted.collection);
}
