import type { mongo } from 'mongoose';
import { v7 as uuidv7 } from 'uuid';
import { chainEvents, type PlacedEvent } from '../src/event-log/event-bytes.js';
import { headFields, type LogHead } from '../src/event-log/log-head.js';
import { readHead } from '../src/event-log/read/read-log.js';
import type { LogCollections } from '../src/event-log/log-collections.js';
import type { FamilyEvent } from '../src/families/domain/events.js';
import { familyStream, toNewEvent } from '../src/families/family-stream.js';
import type { FamilyKeys } from '../src/privacy/family-keys.js';
import { envelope, familyRegistered } from './registering.js';

const PER_INSERT = 2_000;

/** What happens to a family, in this order; as many of these as are wanted. */
const LIFE: readonly ((family: string) => FamilyEvent)[] = [
  familyRegistered,
  (family) => ({
    type: 'MemberAdded',
    data: { memberId: `${family.slice(0, -4)}0001`, role: 'child' },
    personal: { nickname: 'Nina', birthYear: 2_015 },
  }),
  () => ({ type: 'FamilyRenamed', data: {}, personal: { familyName: 'García & García' } }),
  (family) => ({
    type: 'MemberRenamed',
    data: { memberId: `${family.slice(0, -4)}0001` },
    personal: { nickname: 'Nine' },
  }),
  () => ({ type: 'FamilyClosed', data: {}, personal: { reason: 'Moving abroad' } }),
];

/**
 * Fills a log as the service would, chained, sealed and with keys, but in large inserts: `families` of them with
 * `eventsEach` sealed events, the first event of all before the second of any, as far apart as they can be.
 */
export async function seedFamilies(
  log: LogCollections,
  keys: FamilyKeys,
  families: number,
  eventsEach: number,
): Promise<void> {
  let head = await readHead(log);
  const people = Array.from({ length: families }, () => uuidv7());
  for (let round = 0; round < eventsEach; round += 1) {
    const happens = LIFE[round % LIFE.length] ?? familyRegistered;
    for (let from = 0; from < families; from += PER_INSERT) {
      const some = people.slice(from, from + PER_INSERT);
      const known = round === 0 ? await newKeys(log, keys, some) : await keys.findMany(some);
      const placed = some.map((family): PlacedEvent => {
        const key = known.get(family);
        if (key === undefined) throw new Error(`${family} has no key`);
        const version = round + 1;
        const event = toNewEvent(family, version, key, happens(family));
        return { event, stream: familyStream(family), version, meta: envelope(), now: new Date() };
      });
      head = await insert(log, head, placed);
    }
  }
}

async function newKeys(
  { db }: LogCollections,
  keys: FamilyKeys,
  families: readonly string[],
): Promise<Map<string, Buffer>> {
  const created = families.map((family) => [family, keys.create(family, new Date())] as const);
  const documents = created.map(([, { alongside }]) => alongside.document);
  await db.collection<{ _id: string }>('family_keys').insertMany(documents, { ordered: false });
  return new Map(created.map(([family, { key }]) => [family, key]));
}

async function insert(log: LogCollections, head: LogHead, placed: readonly PlacedEvent[]): Promise<LogHead> {
  const chained = chainEvents(head, placed);
  await log.events.insertMany(chained.documents, {
    ordered: false,
  });
  await log.head.updateOne({ _id: 'head' }, { $set: headFields(chained.head) });
  return chained.head;
}
