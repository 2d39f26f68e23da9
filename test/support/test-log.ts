import { randomBytes, randomUUID } from 'node:crypto';
import type { mongo } from 'mongoose';
import type { AppendRequest } from '../../src/event-log/append/append-request.js';
import { EventLog } from '../../src/event-log/event-log.js';
import type { NewEvent } from '../../src/event-log/event.js';
import { LogCollections } from '../../src/event-log/log-collections.js';
import { FamilyKeys, type FamilyKeyDocument } from '../../src/privacy/family-keys.js';
import { connectDatabase } from '../../src/database/connect.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

const DEADLINE_MS = 8_000;

/** A log on an installation of its own, written to as the `service` user. */
export interface TestLog {
  database: TestDatabase;
  collections: LogCollections;
  log: EventLog;
  /** Another writer, as a second process has it: own connections, own group commit. */
  openWriter(uri?: string, deadlineMs?: number): Promise<{ log: EventLog; close(): Promise<void> }>;
  close(): Promise<void>;
}

/** @param server where to make it; the shared server unless given, see three-node-set.ts. */
export async function createTestLog(server?: string): Promise<TestLog> {
  const database = await createTestDatabase(server);
  const writers: { close(): Promise<void> }[] = [];
  const openWriter = async (
    uri = database.uriAs('service'),
    deadlineMs = DEADLINE_MS,
  ): Promise<{ log: EventLog; close(): Promise<void> }> => {
    const client = await connectDatabase(uri);
    const log = new EventLog(new LogCollections(client, database.logName), { deadlineMs });
    const writer = {
      log,
      close: async () => {
        await log.close();
        await client.close();
      },
    };
    writers.push(writer);
    return writer;
  };
  const collections = new LogCollections(await database.clientAs('service'), database.logName);
  const log = new EventLog(collections, { deadlineMs: DEADLINE_MS });
  return {
    database,
    collections,
    log,
    openWriter,
    close: async () => {
      await log.close();
      for (const writer of writers) await writer.close();
      await database.drop();
    },
  };
}

/** The log as root sees it: tests break it by this. */
export function rootLog({ database }: TestLog): mongo.Db {
  return database.rootClient.db(database.logName);
}

const keys = new FamilyKeys({} as mongo.Collection<FamilyKeyDocument>, {
  key: randomBytes(32),
  fingerprint: 'test',
});

/** An append that registers a family of this address: event, claim and key. */
export function registration(email: string, overrides: Partial<AppendRequest> = {}): AppendRequest {
  const family = randomUUID();
  const member = randomUUID();
  return {
    stream: `family-${family}`,
    expectedVersion: 0,
    events: [
      {
        type: 'FamilyRegistered',
        schema: 1,
        data: { ownerId: member, locale: 'en' },
        sealed: randomBytes(200),
        claims: [{ kind: 'make', value: email, holder: { family, member } }],
      },
    ],
    meta: meta(member),
    now: new Date(),
    alongside: [keys.create(family, new Date()).alongside],
    ...overrides,
  };
}

/** An append to a stream that exists. */
export function change(
  stream: string,
  expectedVersion: number,
  events: NewEvent[] = [renamed()],
): AppendRequest {
  return { stream, expectedVersion, events, meta: meta(randomUUID()), now: new Date() };
}

export function renamed(): NewEvent {
  return { type: 'FamilyRenamed', schema: 1, data: {}, sealed: randomBytes(60) };
}

/** An address nobody else has. */
export function newEmail(): string {
  return `${randomUUID()}@example.org`;
}

function meta(member: string): AppendRequest['meta'] {
  return {
    actor: `member:${member}`,
    commandId: randomUUID(),
    correlationId: randomUUID(),
    causationId: randomUUID(),
  };
}
