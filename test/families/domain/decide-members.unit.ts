import type { FamilyCommand } from '../../../src/families/domain/commands.js';
import { MAX_MEMBERS } from '../../../src/families/domain/decide.js';
import {
  InvalidBirthYear,
  InvalidName,
  MemberAlreadyAdded,
  MemberLimitReached,
  MemberNotFound,
  OwnerCannotBeRemoved,
} from '../../../src/families/domain/errors.js';
import type { FamilyEvent } from '../../../src/families/domain/events.js';
import { given, NOW } from '../../support/given-when-then.js';
import { nina, registered } from './garcia-family.js';

const now = NOW;

describe('members', () => {
  it('adds a child with a birth year', () => {
    given([registered])
      .when({ type: 'AddMember', memberId: 'nina', role: 'child', nickname: 'Nina', birthYear: 2015, now })
      .then([nina]);
  });

  it('leaves the birth year out where none is given', () => {
    given([registered])
      .when({ type: 'AddMember', memberId: 'tom', role: 'parent', nickname: 'Tom', now })
      .then([
        { type: 'MemberAdded', data: { memberId: 'tom', role: 'parent' }, personal: { nickname: 'Tom' } },
      ]);
  });

  it.each([1899, 2027, 2015.5, Number.NaN])('refuses the birth year %d', (birthYear) => {
    given([registered])
      .when({ type: 'AddMember', memberId: 'nina', role: 'child', nickname: 'Nina', birthYear, now })
      .thenRefused(InvalidBirthYear);
  });

  const addNina: FamilyCommand = {
    type: 'AddMember',
    memberId: 'nina',
    role: 'child',
    nickname: 'Nina',
    birthYear: 2015,
    now,
  };

  it('changes nothing where the same member is there already', () => {
    given([registered, nina])
      .when({ ...addNina, nickname: ' Nina ' })
      .then([]);
  });

  it.each([{ nickname: 'Nino' }, { role: 'parent' as const }, { birthYear: 2016 }, { memberId: 'maria' }])(
    'refuses another member under an id that is taken: %j',
    (difference) => {
      given([registered, nina])
        .when({ ...addNina, ...difference })
        .thenRefused(MemberAlreadyAdded);
    },
  );

  it.each(['', '\u200B', 'x'.repeat(101)])('refuses the nickname %j', (nickname) => {
    given([registered])
      .when({ ...addNina, nickname })
      .thenRefused(InvalidName);
    given([registered, nina])
      .when({ type: 'RenameMember', memberId: 'nina', nickname, now })
      .thenRefused(InvalidName);
  });

  it('takes birth years from 1900 to the year of the command', () => {
    for (const birthYear of [1900, 2026]) {
      given([registered])
        .when({ ...addNina, birthYear })
        .then([
          {
            type: 'MemberAdded',
            data: { memberId: 'nina', role: 'child' },
            personal: { nickname: 'Nina', birthYear },
          },
        ]);
    }
    given([registered, nina])
      .when({ type: 'ChangeMemberBirthYear', memberId: 'nina', birthYear: 2027, now })
      .thenRefused(InvalidBirthYear);
    given([registered, nina])
      .when({
        type: 'ChangeMemberBirthYear',
        memberId: 'nina',
        birthYear: 2027,
        now: new Date('2027-01-01T00:00:00Z'),
      })
      .then([{ type: 'MemberBirthYearChanged', data: { memberId: 'nina' }, personal: { birthYear: 2027 } }]);
  });

  it('refuses more than a family can have', () => {
    const others = Array.from({ length: MAX_MEMBERS - 1 }, (_, index): FamilyEvent => ({
      type: 'MemberAdded',
      data: { memberId: `child-${index}`, role: 'child' },
      personal: { nickname: `Child ${index}` },
    }));
    given([registered, ...others])
      .when({ type: 'AddMember', memberId: 'one-too-many', role: 'child', nickname: 'One', now })
      .thenRefused(MemberLimitReached);
  });

  it('renames the owner, who has no nickname at first', () => {
    given([registered])
      .when({ type: 'RenameMember', memberId: 'maria', nickname: 'Mamá', now })
      .then([{ type: 'MemberRenamed', data: { memberId: 'maria' }, personal: { nickname: 'Mamá' } }]);
  });

  it('changes nothing where the nickname is the same', () => {
    given([registered, nina])
      .when({ type: 'RenameMember', memberId: 'nina', nickname: 'Nina', now })
      .then([]);
  });

  it('changes and removes a birth year', () => {
    given([registered, nina])
      .when({ type: 'ChangeMemberBirthYear', memberId: 'nina', birthYear: 2016, now })
      .then([{ type: 'MemberBirthYearChanged', data: { memberId: 'nina' }, personal: { birthYear: 2016 } }]);
    given([registered, nina])
      .when({ type: 'ChangeMemberBirthYear', memberId: 'nina', birthYear: null, now })
      .then([{ type: 'MemberBirthYearChanged', data: { memberId: 'nina' }, personal: { birthYear: null } }]);
  });

  it('changes nothing where the birth year is the same', () => {
    given([registered, nina])
      .when({ type: 'ChangeMemberBirthYear', memberId: 'nina', birthYear: 2015, now })
      .then([]);
  });

  it('removes a child, and refuses to remove the owner', () => {
    given([registered, nina])
      .when({ type: 'RemoveMember', memberId: 'nina', now })
      .then([{ type: 'MemberRemoved', data: { memberId: 'nina' }, personal: {} }]);
    given([registered])
      .when({ type: 'RemoveMember', memberId: 'maria', now })
      .thenRefused(OwnerCannotBeRemoved);
  });

  it.each<FamilyCommand>([
    { type: 'RenameMember', memberId: 'nobody', nickname: 'Nobody', now },
    { type: 'ChangeMemberBirthYear', memberId: 'nobody', birthYear: 2000, now },
    { type: 'RemoveMember', memberId: 'nobody', now },
    { type: 'ChangePassword', memberId: '__proto__', passwordHash: 'hash', now },
  ])('refuses $type for a member the family does not have', (command) => {
    given([registered]).when(command).thenRefused(MemberNotFound);
  });
});
