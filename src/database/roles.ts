import { logDatabaseOf } from './database-names.js';

/** The users of an installation besides `root`. Each has one role, named after it. */
export const DATABASE_USERS = ['service', 'reader', 'auditor', 'shredder'] as const;
export type DatabaseUser = (typeof DATABASE_USERS)[number];

/** Actions of MongoDB on one collection, or on a whole database where `collection` is empty. */
export interface Privilege {
  readonly resource: { readonly db: string; readonly collection: string };
  readonly actions: readonly string[];
}

/** Reading what is in a collection and how it is built. */
const LOOK = ['find', 'listIndexes', 'collStats'];

/**
 * What the service may do with the log. On `events` nothing but reading and adding (P2), and never `remove`
 * on `family_keys`: who may insert and remove could empty it by `$out`. `email_claims` can be made again,
 * because claims are put back from the log after a wipe (P5).
 */
const SERVICE_ON_LOG: Readonly<Record<string, readonly string[]>> = {
  events: ['find', 'insert', 'listIndexes', 'collStats'],
  log_head: ['find', 'update', 'changeStream', 'listIndexes'],
  email_claims: ['find', 'insert', 'update', 'remove', 'listIndexes', 'createCollection', 'createIndex'],
  family_keys: ['find', 'insert', 'listIndexes'],
  idempotency_keys: ['find', 'insert', 'listIndexes'],
  installation: ['find', 'insert', 'listIndexes'],
};

const READER_ON_LOG: Readonly<Record<string, readonly string[]>> = {
  events: LOOK,
  log_head: LOOK,
  email_claims: LOOK,
  installation: LOOK,
};

const AUDITOR_ON_LOG: Readonly<Record<string, readonly string[]>> = {
  ...READER_ON_LOG,
  family_keys: LOOK,
  idempotency_keys: LOOK,
};

/** What the service may do with the state of projections. It can be made again like everything derived (P5). */
const SERVICE_ON_DERIVED: Readonly<Record<string, readonly string[]>> = {
  projection_status: ['find', 'insert', 'update', 'listIndexes', 'createCollection', 'createIndex'],
  projection_quarantine: [
    'find',
    'insert',
    'update',
    'remove',
    'listIndexes',
    'createCollection',
    'createIndex',
  ],
};

const SLOT = [
  'find',
  'insert',
  'update',
  'remove',
  'createIndex',
  'dropCollection',
  'createCollection',
  'collStats',
  'listIndexes',
];
/** Without `dropCollection`: nobody drops the view by mistake. */
const VIEW = ['find', 'createCollection', 'collMod'];

/**
 * Everything `user` may do in the installation called `name`, with these projections: each has two slots, which
 * the service writes, and a view that it may point elsewhere but not drop.
 */
export function privilegesOf(user: DatabaseUser, name: string, projections: readonly string[]): Privilege[] {
  const log = logDatabaseOf(name);
  switch (user) {
    case 'service':
      return [
        ...onCollections(log, SERVICE_ON_LOG),
        ...onDatabase(log, ['listCollections']),
        ...projections.flatMap((projection) => [
          ...onCollections(name, {
            [`${projection}@a`]: SLOT,
            [`${projection}@b`]: SLOT,
            [projection]: VIEW,
          }),
        ]),
        ...onCollections(name, SERVICE_ON_DERIVED),
        // A plain collection that squats on a view's name is set aside; nothing here lets the service drop it.
        ...onDatabase(name, ['listCollections', 'renameCollectionSameDB']),
      ];
    case 'reader':
      return [
        ...onCollections(log, READER_ON_LOG),
        ...readEverything(name),
        ...onDatabase(log, ['listCollections']),
      ];
    case 'auditor':
      return [
        ...onCollections(log, AUDITOR_ON_LOG),
        ...readEverything(name),
        ...onDatabase(log, ['listCollections']),
      ];
    case 'shredder':
      return onCollections(log, { family_keys: ['find', 'remove'] });
  }
}

/** Roles live in `admin`, because only there a role may reach into two databases. */
export function roleName(user: DatabaseUser, name: string): string {
  return `${name}.${user}`;
}

function onCollections(db: string, rights: Readonly<Record<string, readonly string[]>>): Privilege[] {
  return Object.entries(rights).map(([collection, actions]) => ({ resource: { db, collection }, actions }));
}

function onDatabase(db: string, actions: readonly string[]): Privilege[] {
  return [{ resource: { db, collection: '' }, actions }];
}

function readEverything(db: string): Privilege[] {
  return onDatabase(db, [...LOOK, 'listCollections']);
}
