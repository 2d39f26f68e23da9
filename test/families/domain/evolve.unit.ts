import fc from 'fast-check';
import type { FamilyEvent } from '../../../src/families/domain/events.js';
import {
  credentialOf,
  evolve,
  initialState,
  isRegistered,
  memberOf,
  ownerOf,
  type FamilyState,
} from '../../../src/families/domain/state.js';
import { FamilyNotFound } from '../../../src/families/domain/errors.js';
import { deepFreeze } from '../../support/given-when-then.js';

const minute = (version: number) => new Date(Date.UTC(2026, 2, 1, 12, version));

/** Folded with each event stored one minute after the one before. */
function after(...events: FamilyEvent[]): FamilyState {
  return events.reduce<FamilyState>((state, event, index) => {
    const version = index + 1;
    return deepFreeze(evolve(state, deepFreeze(event), { at: minute(version), version }));
  }, initialState);
}

const registered: FamilyEvent = {
  type: 'FamilyRegistered',
  data: { ownerId: 'maria', locale: 'es' },
  personal: { email: 'm@x.org', emailAsTyped: 'M@x.org', familyName: 'García', passwordHash: 'h0' },
};
const nina: FamilyEvent = {
  type: 'MemberAdded',
  data: { memberId: 'nina', role: 'child' },
  personal: { nickname: 'Nina' },
};
const tom: FamilyEvent = {
  type: 'MemberAdded',
  data: { memberId: 'tom', role: 'parent' },
  personal: { nickname: 'Tom', birthYear: 1980 },
};
const closed: FamilyEvent = { type: 'FamilyClosed', data: {}, personal: { reason: 'moving' } };
const reopened: FamilyEvent = { type: 'FamilyReopened', data: {}, personal: {} };

/** One of every event there is, about members who are there or not. */
const anyEvent: fc.Arbitrary<FamilyEvent> = fc
  .tuple(fc.constantFrom('maria', 'nina', 'tom', '__proto__'), fc.nat(3))
  .chain(([memberId, n]) =>
    fc.constantFrom<FamilyEvent>(
      registered,
      nina,
      tom,
      closed,
      reopened,
      { type: 'MemberPasswordChanged', data: { memberId }, personal: { passwordHash: `h${n}` } },
      { type: 'FamilyRenamed', data: {}, personal: { familyName: `Name ${n}` } },
      { type: 'FamilyLocaleChanged', data: { locale: 'en' }, personal: {} },
      { type: 'MemberRenamed', data: { memberId }, personal: { nickname: `Nick ${n}` } },
      {
        type: 'MemberBirthYearChanged',
        data: { memberId },
        personal: { birthYear: n === 0 ? null : 2000 + n },
      },
      { type: 'MemberRemoved', data: { memberId }, personal: {} },
    ),
  );

describe('the state after', () => {
  const family = {
    status: 'open',
    version: 1,
    email: 'm@x.org',
    emailAsTyped: 'M@x.org',
    name: 'García',
    locale: 'es',
    createdAt: minute(1),
    ownerId: 'maria',
    members: [
      { id: 'maria', role: 'owner', nickname: null, birthYear: null, joinedAt: minute(1), version: 1 },
    ],
    credentials: { maria: { email: 'm@x.org', passwordHash: 'h0', changedAtVersion: 1 } },
  };

  it('a registration is an open family with its owner, who has no nickname yet and the one credential', () => {
    expect(after(registered)).toStrictEqual(family);
  });

  it('members joined holds them in the order of joining, each with the version at which they last changed', () => {
    const state = after(registered, nina, tom, {
      type: 'MemberRenamed',
      data: { memberId: 'nina' },
      personal: { nickname: 'Nini' },
    });
    expect(state).toStrictEqual({
      ...family,
      version: 4,
      members: [
        ...family.members,
        { id: 'nina', role: 'child', nickname: 'Nini', birthYear: null, joinedAt: minute(2), version: 4 },
        { id: 'tom', role: 'parent', nickname: 'Tom', birthYear: 1980, joinedAt: minute(3), version: 3 },
      ],
    });
  });

  it('a birth year was changed and taken away holds it, and then null', () => {
    const change = (birthYear: number | null): FamilyEvent => ({
      type: 'MemberBirthYearChanged',
      data: { memberId: 'nina' },
      personal: { birthYear },
    });
    expect(memberOf(after(registered, nina, change(2015)), 'nina')).toMatchObject({
      birthYear: 2015,
      version: 3,
    });
    expect(memberOf(after(registered, nina, change(2015), change(null)), 'nina')).toMatchObject({
      birthYear: null,
      version: 4,
    });
  });

  it('a removal holds the others alone', () => {
    const state = after(registered, nina, tom, {
      type: 'MemberRemoved',
      data: { memberId: 'nina' },
      personal: {},
    });
    expect(memberOf(state, 'nina')).toBeNull();
    expect(memberOf(state, 'tom')).not.toBeNull();
    expect(state).toMatchObject({ version: 4 });
  });

  it('a password change holds the new hash and when it was; the member’s own version stays', () => {
    const state = after(registered, nina, {
      type: 'MemberPasswordChanged',
      data: { memberId: 'maria' },
      personal: { passwordHash: 'h1' },
    });
    expect(credentialOf(state, 'maria')).toStrictEqual({
      email: 'm@x.org',
      passwordHash: 'h1',
      changedAtVersion: 3,
    });
    expect(memberOf(state, 'maria')?.version).toBe(1);
    expect(credentialOf(state, 'nina')).toBeNull();
  });

  it('a new name and locale holds these', () => {
    expect(
      after(
        registered,
        { type: 'FamilyRenamed', data: {}, personal: { familyName: 'Pérez' } },
        { type: 'FamilyLocaleChanged', data: { locale: 'en-GB' }, personal: {} },
      ),
    ).toStrictEqual({ ...family, version: 3, name: 'Pérez', locale: 'en-GB' });
  });

  it('closing says since when, and keeps all else; after reopening nothing of it is left', () => {
    expect(after(registered, closed)).toStrictEqual({
      ...family,
      version: 2,
      status: 'closed',
      closedAt: minute(2),
    });
    expect(after(registered, closed, reopened)).toStrictEqual({ ...family, version: 3 });
  });
});

describe('evolving', () => {
  it('takes every event in every state, changes nothing it was given, and counts what it took', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        const state = after(...events);
        const registeredAt = events.findIndex(({ type }) => type === 'FamilyRegistered');
        expect(isRegistered(state)).toBe(registeredAt !== -1);
        if (isRegistered(state)) {
          expect(state.version).toBe(events.length);
          expect('closedAt' in state).toBe(state.status === 'closed');
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves a family as it is where somebody registers it again', () => {
    const again: FamilyEvent = { ...registered, data: { ownerId: 'eve', locale: 'en' } };
    expect(ownerOf(after(registered, again))).toBe('maria');
  });
});

describe('looking into the state', () => {
  it('finds nothing where nobody has registered', () => {
    expect(memberOf(initialState, 'maria')).toBeNull();
    expect(credentialOf(initialState, 'maria')).toBeNull();
    expect(() => ownerOf(initialState)).toThrow(FamilyNotFound);
  });

  it('takes no inherited property for a member', () => {
    expect(credentialOf(after(registered), 'constructor')).toBeNull();
    expect(credentialOf(after(registered), '__proto__')).toBeNull();
  });
});
