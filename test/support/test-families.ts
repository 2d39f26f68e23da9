import { randomBytes, randomUUID } from 'node:crypto';
import type { mongo } from 'mongoose';
import type { Appended } from '../../src/event-log/append/append-request.js';
import type { EventLog } from '../../src/event-log/event-log.js';
import { familyStream, toNewEvent } from '../../src/families/family-stream.js';
import { FamilyKeys } from '../../src/privacy/family-keys.js';
import { forAll } from './registering.js';
import { createTestLog, rootLog, type TestLog } from './test-log.js';

/** A log of families that can be read: sealed with keys that are stored, as the service does it. */
export interface TestFamilies extends TestLog {
  /** The families' keys as a process finds them that has just started. */
  openKeys(): FamilyKeys;
  /** Registers a family without the cost of a password. */
  register(email: string, log?: EventLog): Promise<Appended & { family: string; member: string }>;
  /** Many at once; in the order of the addresses where there are few. */
  registerAll(emails: readonly string[]): Promise<void>;
  /** As root sees them. */
  claims(): mongo.Collection<{ _id: string; [field: string]: unknown }>;
  familyKeys(): mongo.Collection<{ _id: string; [field: string]: unknown }>;
}

export async function createTestFamilies(): Promise<TestFamilies> {
  const test = await createTestLog();
  const keyEncryptionKey = { key: randomBytes(32), fingerprint: 'test' };
  const openKeys = (): FamilyKeys =>
    new FamilyKeys(test.collections.db.collection('family_keys'), keyEncryptionKey);
  const keys = openKeys();
  const register: TestFamilies['register'] = async (email, log = test.log) => {
    const [family, member, now] = [randomUUID(), randomUUID(), new Date()];
    const { key, alongside } = keys.create(family, now);
    const event = toNewEvent(family, 1, key, {
      type: 'FamilyRegistered',
      data: { ownerId: member, locale: 'en' },
      personal: { email, emailAsTyped: email, familyName: 'The Testers', passwordHash: 'none' },
    });
    const commandId = randomUUID();
    const meta = { actor: `member:${member}`, commandId, correlationId: commandId, causationId: commandId };
    const stream = familyStream(family);
    const appended = await log.append({
      ...{ stream, expectedVersion: 0, events: [event], meta, now },
      alongside: [alongside],
    });
    return { ...appended, family, member };
  };
  return {
    ...test,
    openKeys,
    register,
    registerAll: async (emails) => {
      await forAll(emails, 256, (email) => register(email));
    },
    claims: () => rootLog(test).collection('email_claims'),
    familyKeys: () => rootLog(test).collection('family_keys'),
  };
}

/** `count` addresses: `<name>-0@example.org` and on. */
export function addresses(count: number, name = 'family'): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index}@example.org`);
}
