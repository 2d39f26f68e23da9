import { randomBytes } from 'node:crypto';
import type { FamilyEvent } from '../../src/families/domain/events.js';
import { toFamilyEvent, toNewEvent, UndeclaredField } from '../../src/families/family-stream.js';
import { unseal } from '../../src/privacy/seal.js';

const key = randomBytes(32);
const place = { stream: 'family-garcia', version: 1 };

describe('an event made ready for the log', () => {
  const registered: FamilyEvent = {
    type: 'FamilyRegistered',
    data: { ownerId: 'maria', locale: 'es' },
    personal: {
      email: 'maria@example.com',
      emailAsTyped: 'Maria@example.com',
      familyName: 'García',
      passwordHash: 'hash',
    },
  };

  it('holds in the clear what is not personal, and sealed what is', () => {
    const { data, sealed, claims } = toNewEvent('garcia', 1, key, registered);
    expect(data).toEqual(registered.data);
    expect(unseal(key, place, sealed!)).toEqual(registered.personal);
    expect(claims).toEqual([
      { kind: 'make', value: 'maria@example.com', holder: { family: 'garcia', member: 'maria' } },
    ]);
  });

  it('is sealed where the catalogue says so, wherever whoever wrote the event put the field', () => {
    const { email, ...personal } = registered.personal;
    const misfiled = {
      ...registered,
      data: { ...registered.data, email },
      personal,
    } as unknown as FamilyEvent;
    const { data, sealed, claims } = toNewEvent('garcia', 1, key, misfiled);
    expect(data).toEqual(registered.data);
    expect(unseal(key, place, sealed!)).toEqual(registered.personal);
    expect(claims).toHaveLength(1);
  });

  it('holds no sealed part where nothing of it is personal, nor fields that are undefined', () => {
    const closed = {
      type: 'FamilyClosed',
      data: {},
      personal: { reason: undefined },
    } as unknown as FamilyEvent;
    expect(toNewEvent('garcia', 1, key, closed)).toEqual({ type: 'FamilyClosed', schema: 1, data: {} });
  });

  it.each([
    ['in the clear', { data: { memberId: 'nina', shoeSize: 31 }, personal: {} }],
    ['as personal', { data: { memberId: 'nina' }, personal: { shoeSize: 31 } }],
    ['with a name that every object knows', { data: { constructor: 1 }, personal: {} }],
  ])('is refused with a field that the catalogue does not know, %s', (_, fields) => {
    const event = { type: 'MemberRemoved', ...fields } as unknown as FamilyEvent;
    expect(() => toNewEvent('garcia', 1, key, event)).toThrow(UndeclaredField);
  });

  it('comes back as it was', () => {
    const { type, schema, data, sealed } = toNewEvent('garcia', 1, key, registered);
    const recorded = { position: 1, at: new Date(), hash: Buffer.alloc(32), type, schema, data, ...place };
    const meta = { actor: 'a', commandId: 'b', correlationId: 'c', causationId: 'd' };
    expect(toFamilyEvent({ ...recorded, meta, sealed: Buffer.from(sealed!) }, key)).toEqual(registered);
  });
});
