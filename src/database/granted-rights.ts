import type { mongo } from 'mongoose';
import { logDatabaseOf } from './database-names.js';
import { privilegesOf, type DatabaseUser, type Privilege } from './roles.js';

/** With any of these on a collection its content could be changed, emptied, expired or replaced. */
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
/** With any of these a user can take whatever right it lacks, or another user's place. */
const ESCALATING_ACTIONS = [
  'grantRole',
  'createRole',
  'updateRole',
  'createUser',
  'updateUser',
  'changePassword',
];
/** Where MongoDB keeps users and roles: who writes there needs none of those actions. */
const USERS_AND_ROLES = ['system.users', 'system.roles'].map((collection) => ({ db: 'admin', collection }));
/** What only ever grows. Of `family_keys` only the shredder removes (P10). */
const GROWING = ['events', 'family_keys'];

/** A privilege as `connectionStatus` tells it. */
export interface GrantedPrivilege {
  readonly resource: Granted;
  readonly actions: readonly string[];
}

interface Granted {
  readonly db?: string;
  readonly collection?: string;
  readonly anyResource?: boolean;
  readonly cluster?: boolean;
}

/** What this connection was granted; undefined where nobody is signed in. */
export async function grantedPrivileges(client: mongo.MongoClient): Promise<GrantedPrivilege[] | undefined> {
  const { authInfo } = (await client.db('admin').command({ connectionStatus: 1, showPrivileges: true })) as {
    authInfo: { authenticatedUsers: unknown[]; authenticatedUserPrivileges: GrantedPrivilege[] };
  };
  return authInfo.authenticatedUsers.length === 0 ? undefined : authInfo.authenticatedUserPrivileges;
}

/**
 * The rights by which history could be changed, at once or by taking more rights first: phrases such as
 * `remove on home_log.events`.
 * @param tried actions on `events` that were found to be possible, whatever was granted
 */
export function rightsToRewrite(
  granted: readonly GrantedPrivilege[],
  name: string,
  tried: readonly string[],
): string[] {
  const db = logDatabaseOf(name);
  const held = (wanted: Privilege['resource'], dangerous: readonly string[]): string[] =>
    granted
      .filter(({ resource }) => covers(resource, wanted) || resource.cluster === true)
      .flatMap(({ actions }) => actions.filter((action) => dangerous.includes(action)));
  const phrases = GROWING.map((collection) =>
    phrase(
      [...(collection === 'events' ? tried : []), ...held({ db, collection }, REWRITING_ACTIONS)],
      `${db}.${collection}`,
    ),
  );
  const users = USERS_AND_ROLES.map((resource) =>
    phrase(held(resource, ['anyAction', 'insert', 'update']), `${resource.db}.${resource.collection}`),
  );
  return [...phrases, ...users, ...granted.map(escalation)].filter((one) => one !== '');
}

/** What `user` should be able to do and this connection may not: phrases such as `insert on home_log.events`. */
export function rightsMissing(
  granted: readonly GrantedPrivilege[] | undefined,
  name: string,
  user: DatabaseUser,
  projections: readonly string[],
): string[] {
  if (granted === undefined) return [];
  return privilegesOf(user, name, projections).flatMap(({ resource, actions }) => {
    const held = granted
      .filter((privilege) => covers(privilege.resource, resource))
      .flatMap((each) => each.actions);
    const missing = held.includes('anyAction') ? [] : actions.filter((action) => !held.includes(action));
    if (missing.length === 0) return [];
    return [phrase(missing, [resource.db, resource.collection].filter((part) => part !== '').join('.'))];
  });
}

/** Rights over users are refused wherever they reach: in another database they serve no purpose of ours either. */
function escalation({ resource, actions }: GrantedPrivilege): string {
  const where = resource.anyResource === true || resource.db === '' ? 'every database' : (resource.db ?? '');
  return phrase(
    actions.filter((action) => ESCALATING_ACTIONS.includes(action)),
    where,
  );
}

function phrase(actions: readonly string[], where: string): string {
  return actions.length === 0 ? '' : `${[...new Set(actions)].join(', ')} on ${where}`;
}

/** An empty name in a granted resource stands for all of them, but for those of the system. */
function covers({ db, collection, anyResource }: Granted, wanted: Privilege['resource']): boolean {
  if (anyResource === true) return true;
  const everyCollection = collection === '' && !wanted.collection.startsWith('system.');
  return (db === '' || db === wanted.db) && (everyCollection || collection === wanted.collection);
}
