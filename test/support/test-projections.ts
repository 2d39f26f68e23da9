import { randomBytes } from 'node:crypto';
import type { mongo } from 'mongoose';
import { v7 as uuidv7 } from 'uuid';
import { connectDatabase } from '../../src/database/connect.js';
import { EventLog } from '../../src/event-log/event-log.js';
import { LogCollections } from '../../src/event-log/log-collections.js';
import type { FamilyEvent } from '../../src/families/domain/events.js';
import { familyStream, toNewEvent } from '../../src/families/family-stream.js';
import { FamilyEventDecoder } from '../../src/families/read-models/family-event-decoder.js';
import { readModels } from '../../src/families/read-models/index.js';
import { FamilyKeys, type KeyEncryptionKey } from '../../src/privacy/family-keys.js';
import type { EventDecoder } from '../../src/projections/event-decoder.js';
import { ENGINE_TIMES, ProjectionEngine, type EngineTimes } from '../../src/projections/engine.js';
import type { Projection } from '../../src/projections/projection.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** A family's stream as a test writes it: events without hashing a password. */
export interface WrittenFamily {
  id: string;
  owner: string;
  email: string;
  version: number;
}

/** A log with families in it, and engines on it as the service user has them. */
export interface TestProjections {
  readonly database: TestDatabase;
  readonly log: EventLog;
  readonly collections: LogCollections;
  readonly keys: FamilyKeys;
  /** What opens the families' keys, for processes that a test starts. */
  readonly kek: KeyEncryptionKey;
  /** The service's own engine; another set of projections, another decoder or times where a test brings them. */
  engine(projections?: readonly Projection[], decoder?: EventDecoder, times?: EngineTimes): ProjectionEngine;
  /** An engine with connections of its own, as another process has them. `cut` ends those without a word. */
  elsewhere(
    projections?: readonly Projection[],
    times?: EngineTimes,
  ): Promise<{ engine: ProjectionEngine; cut(): Promise<void> }>;
  register(name?: string): Promise<WrittenFamily>;
  /** Appends events to a family, in one append. Returns the position reached. */
  append(family: WrittenFamily, ...events: FamilyEvent[]): Promise<number>;
  close(): Promise<void>;
}

/** Makes them, on an installation of their own or in one that a test has already. */
export async function createTestProjections(
  within?: Pick<TestProjections, 'database' | 'kek'>,
): Promise<TestProjections> {
  const database = within?.database ?? (await createTestDatabase());
  const collections = new LogCollections(await database.clientAs('service'), database.logName);
  const log = new EventLog(collections, { deadlineMs: 8_000 });
  const kek = within?.kek ?? { key: randomBytes(32), fingerprint: 'test' };
  const others: mongo.MongoClient[] = [];
  const keys = new FamilyKeys(collections.db.collection('family_keys'), kek);
  const dataKeys = new Map<string, Buffer>();

  const append = async (family: WrittenFamily, ...events: FamilyEvent[]): Promise<number> => {
    const { id, owner, version } = family;
    const isNew = version === 0;
    const created = isNew ? keys.create(id, new Date()) : null;
    const key = created?.key ?? dataKeys.get(id);
    if (key === undefined) throw new Error(`${id} was not written by this test`);
    dataKeys.set(id, key);
    const appended = await log.append({
      stream: familyStream(id),
      expectedVersion: version,
      events: events.map((event, index) => toNewEvent(id, version + 1 + index, key, event)),
      meta: { actor: `member:${owner}`, commandId: uuidv7(), correlationId: uuidv7(), causationId: uuidv7() },
      now: new Date(),
      alongside: created === null ? [] : [created.alongside],
    });
    family.version = appended.version;
    return appended.position;
  };
  return {
    database,
    log,
    collections,
    keys,
    kek,
    append,
    engine: (projections = readModels, decoder = new FamilyEventDecoder(keys), times = ENGINE_TIMES) =>
      new ProjectionEngine(collections, database.name, projections, decoder, times),
    elsewhere: async (projections = readModels, times = ENGINE_TIMES) => {
      const client = await connectDatabase(database.uriAs('service'));
      others.push(client);
      const theirs = new LogCollections(client, database.logName);
      const decoder = new FamilyEventDecoder(new FamilyKeys(theirs.db.collection('family_keys'), kek));
      return {
        engine: new ProjectionEngine(theirs, database.name, projections, decoder, times),
        cut: () => client.close(),
      };
    },
    register: async (name = 'The Testers') => {
      const id = uuidv7();
      const family: WrittenFamily = { id, owner: uuidv7(), email: `${id}@example.org`, version: 0 };
      await append(family, {
        type: 'FamilyRegistered',
        data: { ownerId: family.owner, locale: 'en' },
        personal: {
          email: family.email,
          emailAsTyped: family.email,
          familyName: name,
          passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA',
        },
      });
      return family;
    },
    close: async () => {
      await log.close();
      for (const client of others) await client.close();
      if (within === undefined) await database.drop();
    },
  };
}
