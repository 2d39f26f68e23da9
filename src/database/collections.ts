import type { mongo } from 'mongoose';
import { logDatabaseOf } from './database-names.js';

/** An index as it must be; its name is MongoDB's own for these keys. */
export interface IndexSpec {
  readonly key: Readonly<Record<string, 1 | -1>>;
  readonly unique?: true;
  readonly partialFilterExpression?: mongo.Document;
  /** Seconds after the indexed date until MongoDB deletes the document. */
  readonly expireAfterSeconds?: number;
}

/** A collection as `initialiseDatabase` makes it and `inspectDatabase` expects it. */
export interface CollectionSpec {
  readonly name: string;
  readonly database: 'log' | 'derived';
  /** Always strict, and always refusing: see {@link collectionOptions}. */
  readonly validator: mongo.Document;
  readonly indexes: readonly IndexSpec[];
}

/**
 * The sentinel of `email_claims`: it holds their number, and its absence says that they were wiped. It lies
 * before every claim, so that whoever empties the collection removes it first; we never remove it. While it
 * has the field `closedSince`, an absent claim says nothing: the claims are being put back.
 */
export const CLAIMS_SENTINEL_ID = '#claims';
/** Matches the sentinel where it is there and open: only then claims are made and released. */
export const OPEN_CLAIMS_SENTINEL = { _id: CLAIMS_SENTINEL_ID, closedSince: { $exists: false } } as const;
/** Who is putting the claims back right now, and until when. */
export const CLAIMS_REBUILD_ID = '#rebuild';
/** The one document of `log_head`. */
export const LOG_HEAD_ID = 'head';

const string = { bsonType: 'string' };
const date = { bsonType: 'date' };
const binary = { bsonType: 'binData' };
const long = (minimum: number) => ({ bsonType: 'long', minimum });
const int = (minimum: number) => ({ bsonType: 'int', minimum });

/** All fields required unless listed in `optional`, no others allowed. */
function closedObject(
  properties: Record<string, mongo.Document>,
  optional: readonly string[] = [],
): mongo.Document {
  return {
    bsonType: 'object',
    required: Object.keys(properties).filter((field) => !optional.includes(field)),
    properties,
    additionalProperties: false,
  };
}

const meta = {
  bsonType: 'object',
  required: ['actor', 'commandId', 'correlationId', 'causationId'],
  properties: { actor: string, commandId: string, correlationId: string, causationId: string },
};

/** Every collection of both databases. The order is the one in which they are made. */
export const COLLECTIONS: readonly CollectionSpec[] = [
  {
    name: 'events',
    database: 'log',
    validator: {
      // Types are exact because other number types compare equal and hash differently.
      $jsonSchema: closedObject(
        {
          _id: long(1),
          stream: string,
          version: int(1),
          type: string,
          schema: int(1),
          at: date,
          data: { bsonType: 'object' },
          sealed: binary,
          meta,
          hash: binary,
        },
        ['sealed'],
      ),
    },
    indexes: [{ key: { stream: 1, version: 1 }, unique: true }],
  },
  {
    name: 'log_head',
    database: 'log',
    validator: {
      $jsonSchema: closedObject({ _id: { enum: [LOG_HEAD_ID] }, position: long(0), hash: binary, at: date }),
    },
    indexes: [],
  },
  {
    name: 'email_claims',
    database: 'log',
    validator: {
      $jsonSchema: {
        bsonType: 'object',
        oneOf: [
          closedObject({ _id: string, family: string, member: string, position: long(1) }),
          closedObject(
            { _id: { enum: [CLAIMS_SENTINEL_ID] }, count: { bsonType: 'long' }, closedSince: date },
            ['closedSince'],
          ),
          closedObject({ _id: { enum: [CLAIMS_REBUILD_ID] }, owner: string, until: date }),
        ],
      },
    },
    // One credential per member; the documents that are no claims have no family.
    indexes: [
      { key: { family: 1, member: 1 }, unique: true, partialFilterExpression: { family: { $exists: true } } },
    ],
  },
  {
    name: 'family_keys',
    database: 'log',
    validator: { $jsonSchema: closedObject({ _id: string, wrapped: binary, kek: string, createdAt: date }) },
    indexes: [],
  },
  {
    name: 'idempotency_keys',
    database: 'log',
    // A record whose expiresAt is no date would never expire.
    validator: {
      $jsonSchema: {
        bsonType: 'object',
        required: ['_id', 'expiresAt'],
        properties: { _id: string, expiresAt: date },
      },
    },
    indexes: [{ key: { expiresAt: 1 }, expireAfterSeconds: 0 }],
  },
  {
    name: 'installation',
    database: 'log',
    validator: {
      $jsonSchema: closedObject({
        _id: { enum: ['key-encryption-key', 'service-secret'] },
        fingerprint: string,
      }),
    },
    indexes: [],
  },
  {
    name: 'projection_status',
    database: 'derived',
    validator: {
      $jsonSchema: {
        bsonType: 'object',
        required: ['_id', 'live', 'slots', 'lease'],
        properties: {
          _id: string,
          live: { enum: ['a', 'b', null] },
          slots: { bsonType: 'object' },
          lease: closedObject({ owner: string, epoch: int(0), until: date }),
        },
      },
    },
    indexes: [],
  },
  {
    name: 'projection_quarantine',
    database: 'derived',
    validator: {
      $jsonSchema: closedObject({
        _id: string,
        projection: string,
        generation: int(1),
        stream: string,
        position: long(1),
        type: string,
        error: string,
        since: date,
      }),
    },
    indexes: [{ key: { projection: 1, generation: 1 } }],
  },
];

/** What `createCollection` and `collMod` are told. */
export function collectionOptions({ validator }: CollectionSpec): {
  validator: mongo.Document;
  validationLevel: 'strict';
  validationAction: 'error';
} {
  return { validator, validationLevel: 'strict', validationAction: 'error' };
}

/** The name of the database that holds the collection, for an installation called `name`. */
export function databaseOf({ database }: CollectionSpec, name: string): string {
  return database === 'log' ? logDatabaseOf(name) : name;
}

/** MongoDB's own name for an index with these keys: `stream_1_version_1`. */
export function indexName({ key }: IndexSpec): string {
  return Object.entries(key)
    .map(([field, direction]) => `${field}_${direction}`)
    .join('_');
}
