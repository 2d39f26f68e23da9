import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import mongoose from 'mongoose';
import {
  chainEvents,
  chainHash,
  GENESIS_HASH,
  splitStoredBytes,
  toRecordedEvent,
} from '../../src/event-log/event-bytes.js';
import type { EventDocument } from '../../src/event-log/event.js';
import {
  familyEventCatalogue,
  parseFamilyEvent,
  type FamilyEvent,
} from '../../src/families/domain/events.js';
import { toFamilyEvent } from '../../src/families/family-stream.js';
import { seal } from '../../src/privacy/seal.js';

const { BSON } = mongoose.mongo;
const GOLDEN = join(import.meta.dirname, 'golden', 'events.json');

/** Everything that is random or of the moment, held still. */
const KEY = Buffer.alloc(32, 0x11);
const NONCE = Buffer.alloc(12, 0x22);
const AT = new Date('2026-03-01T12:00:00.000Z');
const STREAM = 'family-01890a5d-ac96-774b-bcce-b302099a8057';
const MARIA = '01890a5d-ac96-774b-bcce-b302099a8058';
const NINA = '01890a5d-ac96-774b-bcce-b302099a8059';
const META = {
  actor: `member:${MARIA}`,
  commandId: '01890a5d-ac96-774b-bcce-b302099a8060',
  correlationId: '01890a5d-ac96-774b-bcce-b302099a8061',
  causationId: '01890a5d-ac96-774b-bcce-b302099a8062',
};

/** One event of every shape that this build writes, in an order that could have happened. */
const EVENTS: readonly FamilyEvent[] = [
  {
    type: 'FamilyRegistered',
    data: { ownerId: MARIA, locale: 'es-ES' },
    personal: {
      email: 'maria@example.com',
      emailAsTyped: 'Maria@Example.com',
      familyName: 'García',
      passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA',
    },
  },
  { type: 'MemberPasswordChanged', data: { memberId: MARIA }, personal: { passwordHash: '$argon2id$other' } },
  { type: 'FamilyRenamed', data: {}, personal: { familyName: 'García Pérez' } },
  { type: 'FamilyLocaleChanged', data: { locale: 'en-GB' }, personal: {} },
  {
    type: 'MemberAdded',
    data: { memberId: NINA, role: 'child' },
    personal: { nickname: 'Nina', birthYear: 2015 },
  },
  { type: 'MemberRenamed', data: { memberId: NINA }, personal: { nickname: 'Nini' } },
  { type: 'MemberBirthYearChanged', data: { memberId: NINA }, personal: { birthYear: null } },
  { type: 'MemberRemoved', data: { memberId: NINA }, personal: {} },
  { type: 'FamilyClosed', data: {}, personal: { reason: 'moving away' } },
  { type: 'FamilyReopened', data: {}, personal: {} },
];

interface GoldenEvent {
  type: string;
  /** The stored document, hash included, as hexadecimal BSON. */
  bytes: string;
  hash: string;
}

/** What an installation made today would store for these events. */
function written(): GoldenEvent[] {
  const placed = EVENTS.map((event, index) => {
    const place = { stream: STREAM, version: index + 1 };
    const isSealed = Object.keys(event.personal).length > 0;
    return {
      event: {
        type: event.type,
        schema: familyEventCatalogue[event.type].schema,
        data: event.data,
        ...(isSealed ? { sealed: seal(KEY, place, { ...event.personal }, NONCE) } : {}),
      },
      ...place,
      meta: META,
      now: AT,
    };
  });
  const { documents } = chainEvents({ position: 0, hash: GENESIS_HASH, at: new Date(0) }, placed);
  return documents.map((document) => ({
    type: document.type,
    bytes: Buffer.from(BSON.serialize(document)).toString('hex'),
    hash: Buffer.from(document.hash.buffer).toString('hex'),
  }));
}

describe('events as they are stored for good', () => {
  const golden = JSON.parse(readFileSync(GOLDEN, 'utf8')) as GoldenEvent[];

  it('has one of every shape there is', () => {
    expect(golden.map(({ type }) => type).sort()).toEqual(Object.keys(familyEventCatalogue).sort());
  });

  it.each(golden.map((event, index) => ({ ...event, index })))(
    'is written as ever: $type',
    ({ index, bytes }) => {
      expect(written()[index]?.bytes).toBe(bytes);
    },
  );

  it('hashes to what it always hashed to, computed here without the code that chains', () => {
    let previous = Buffer.alloc(32);
    for (const { bytes, hash } of golden) {
      const raw = Buffer.from(bytes, 'hex');
      const body = Buffer.concat([raw.subarray(0, raw.length - 44), Buffer.of(0)]);
      body.writeInt32LE(body.length, 0);
      const content = createHash('sha256').update(body).digest();
      previous = createHash('sha256').update(previous).update(content).digest();
      expect(previous.toString('hex')).toBe(hash);
      const split = splitStoredBytes(raw);
      expect(split?.body.equals(body)).toBe(true);
      expect(split?.hash.toString('hex')).toBe(hash);
    }
  });

  it.each(golden.map((event, index) => ({ ...event, index })))(
    'is read as it was meant: $type',
    ({ bytes, index }) => {
      const document = BSON.deserialize(Buffer.from(bytes, 'hex'), {
        promoteLongs: true,
      }) as unknown as EventDocument;
      const event = toFamilyEvent(toRecordedEvent(document), KEY);
      expect(event).toEqual(EVENTS[index]);
      expect(parseFamilyEvent(document.type, document.schema, event)).toEqual(event);
    },
  );

  it('does not hash to the same with one bit changed, nor take apart what was appended to', () => {
    const raw = Buffer.from(golden[0]?.bytes ?? '', 'hex');
    const changed = Buffer.from(raw);
    changed.writeUInt8(changed.readUInt8(40) ^ 1, 40);
    const split = splitStoredBytes(changed);
    expect(split === null || chainHash(GENESIS_HASH, split.body).toString('hex')).not.toBe(golden[0]?.hash);
    const appended = BSON.serialize({ ...BSON.deserialize(raw, { promoteValues: false }), extra: 1 });
    expect(splitStoredBytes(appended)).toBeNull();
  });
});
