import fc from 'fast-check';
import mongoose from 'mongoose';
import type { FamilyCommand } from '../../../src/families/domain/commands.js';
import { decide } from '../../../src/families/domain/decide.js';
import { DomainError, UnknownEventShape } from '../../../src/families/domain/errors.js';
import {
  claimsOf,
  familyEventCatalogue,
  parseFamilyEvent,
  type FamilyEvent,
} from '../../../src/families/domain/events.js';
import {
  credentialOf,
  evolve,
  initialState,
  isRegistered,
  type FamilyState,
} from '../../../src/families/domain/state.js';
import { deepFreeze, NOW, stateAfter } from '../../support/given-when-then.js';

const { BSON } = mongoose.mongo;
const now = NOW;
const memberId = fc.constantFrom('maria', 'nina', 'tom', 'nobody');
const name = fc.constantFrom('García', 'Pérez', ' García', '', '\u0000');

const command: fc.Arbitrary<FamilyCommand> = fc.oneof(
  fc.record({ type: fc.constant('RenameFamily' as const), familyName: name, now: fc.constant(now) }),
  fc.record({
    type: fc.constant('ChangeLocale' as const),
    locale: fc.constantFrom('en', 'es', '?'),
    now: fc.constant(now),
  }),
  fc.record({
    type: fc.constant('ChangePassword' as const),
    memberId,
    passwordHash: fc.constantFrom('h1', 'h2'),
    now: fc.constant(now),
  }),
  fc.record(
    {
      type: fc.constant('AddMember' as const),
      memberId: fc.uuid(),
      role: fc.constantFrom('parent' as const, 'child' as const),
      nickname: name,
      birthYear: fc.integer({ min: 1890, max: 2030 }),
      now: fc.constant(now),
    },
    { requiredKeys: ['type', 'memberId', 'role', 'nickname', 'now'] },
  ),
  fc.record({ type: fc.constant('RenameMember' as const), memberId, nickname: name, now: fc.constant(now) }),
  fc.record({
    type: fc.constant('ChangeMemberBirthYear' as const),
    memberId,
    birthYear: fc.option(fc.integer({ min: 1890, max: 2030 })),
    now: fc.constant(now),
  }),
  fc.record({ type: fc.constant('RemoveMember' as const), memberId, now: fc.constant(now) }),
  fc.record({ type: fc.constant('CloseFamily' as const), now: fc.constant(now) }),
  fc.record({
    type: fc.constant('ReopenFamily' as const),
    reason: fc.constantFrom('back', 'again'),
    now: fc.constant(now),
  }),
);

const registration: FamilyCommand = {
  type: 'RegisterFamily',
  ownerId: 'maria',
  email: { canonical: 'maria@example.com', asTyped: 'Maria@example.com' },
  passwordHash: 'h0',
  familyName: 'García',
  locale: 'es',
  now,
};

/** Carries commands out as the service does; what is refused leaves no event. */
function run(commands: readonly FamilyCommand[]): { events: FamilyEvent[]; state: FamilyState } {
  const events: FamilyEvent[] = [];
  let state = initialState;
  for (const each of commands) {
    let changes: FamilyEvent[] = [];
    try {
      changes = decide(deepFreeze(each), deepFreeze(state));
    } catch (error) {
      expect(error).toBeInstanceOf(DomainError);
    }
    for (const event of changes) {
      events.push(event);
      state = evolve(state, deepFreeze(event), { at: now, version: events.length });
    }
  }
  return { events, state };
}

/** As an event comes back from the log. */
function stored({ type, data, personal }: FamilyEvent): FamilyEvent {
  const bytes = BSON.serialize({ data, personal }, { ignoreUndefined: true });
  const back = BSON.deserialize(bytes) as Pick<FamilyEvent, 'data' | 'personal'>;
  return parseFamilyEvent(type, familyEventCatalogue[type].schema, back);
}

describe('the state of a family', () => {
  it('is what its stored events fold to, whatever the commands were', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
        const { events, state } = run([registration, ...commands]);
        expect(stateAfter(events.map(stored))).toEqual(state);
        expect(stateAfter(JSON.parse(JSON.stringify(events)))).toEqual(state);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same whether the events are folded at once or in two goes', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 20 }), fc.nat(20), (commands, cut) => {
        const { events, state } = run([registration, ...commands]);
        const first = stateAfter(events.slice(0, cut));
        const both = events
          .slice(cut)
          .reduce(
            (before, event, index) => evolve(before, event, { at: now, version: cut + index + 1 }),
            first,
          );
        expect(both).toEqual(state);
      }),
      { numRuns: 200 },
    );
  });

  it('never changes by a command that is given twice in a row', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 10 }), command, (commands, last) => {
        const once = run([registration, ...commands, last]);
        const twice = run([registration, ...commands, last, last]);
        expect(twice.events).toHaveLength(once.events.length);
      }),
      { numRuns: 200 },
    );
  });

  it('holds the owner for as long as there is a family, and one credential, the owner’s', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
        const { state } = run([registration, ...commands]);
        if (!isRegistered(state)) throw new Error('The registration is missing');
        expect(state.members.filter(({ role }) => role === 'owner').map(({ id }) => id)).toEqual(['maria']);
        expect(Object.keys(state.credentials)).toEqual(['maria']);
        expect(credentialOf(state, 'maria')?.email).toBe('maria@example.com');
      }),
      { numRuns: 200 },
    );
  });
});

describe('the catalogue of events', () => {
  it('names every field an event can hold, and whether it is personal', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
        for (const { type, data, personal } of run([registration, ...commands]).events) {
          expect(familyEventCatalogue[type].data).toEqual(expect.arrayContaining(Object.keys(data)));
          expect(familyEventCatalogue[type].personal).toEqual(expect.arrayContaining(Object.keys(personal)));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('says that registering claims the address for the owner, and that nothing else claims or releases', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
        const claims = run([registration, ...commands]).events.flatMap((event) => claimsOf(event));
        expect(claims).toEqual([{ kind: 'make', email: 'maria@example.com', member: 'maria' }]);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['FamilyRegistered', 2],
    ['FamilyMoved', 1],
    ['constructor', 1],
    ['__proto__', 1],
  ])('refuses %s with schema %d, which this build does not know', (type, schema) => {
    expect(() => parseFamilyEvent(type, schema, { data: {}, personal: {} })).toThrow(UnknownEventShape);
  });
});
