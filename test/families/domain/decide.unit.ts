import type { FamilyCommand } from '../../../src/families/domain/commands.js';
import {
  FamilyAlreadyRegistered,
  FamilyIsClosed,
  FamilyNotFound,
  InvalidLocale,
  InvalidName,
  MemberHasNoCredential,
  MemberNotFound,
} from '../../../src/families/domain/errors.js';
import { given, NOW } from '../../support/given-when-then.js';
import { closed, nina, registered, reopened } from './garcia-family.js';

const now = NOW;
const email = { canonical: 'maria@example.com', asTyped: 'Maria@Example.com' };
const register: FamilyCommand = {
  type: 'RegisterFamily',
  ownerId: 'maria',
  email,
  passwordHash: 'hash-1',
  familyName: '  García ',
  locale: 'es-es',
  now,
};

describe('registering', () => {
  it('makes the person who registers the owner, with the names in their canonical forms', () => {
    given([]).when(register).then([registered]);
  });

  it('is refused for a family that is registered already', () => {
    given([registered]).when(register).thenRefused(FamilyAlreadyRegistered);
  });

  it.each(['', ' ', '\u200B', 'a\u0000b', 'a\u202Eb', 'x'.repeat(101)])(
    'refuses the family name %j',
    (familyName) => {
      given([])
        .when({ ...register, familyName })
        .thenRefused(InvalidName);
    },
  );

  it.each(['', 'x', 'not a locale', 'e'.repeat(36), 'en_GB'])('refuses the locale %j', (locale) => {
    given([])
      .when({ ...register, locale })
      .thenRefused(InvalidLocale);
  });
});

describe('every other command', () => {
  const commands: FamilyCommand[] = [
    { type: 'ChangePassword', memberId: 'maria', passwordHash: 'hash-2', now },
    { type: 'RenameFamily', familyName: 'Pérez', now },
    { type: 'ChangeLocale', locale: 'en', now },
    { type: 'AddMember', memberId: 'tom', role: 'parent', nickname: 'Tom', now },
    { type: 'RenameMember', memberId: 'nina', nickname: 'Nini', now },
    { type: 'ChangeMemberBirthYear', memberId: 'nina', birthYear: 2016, now },
    { type: 'RemoveMember', memberId: 'nina', now },
  ];

  it.each(commands)('is refused where nobody has registered: $type', (command) => {
    given([]).when(command).thenRefused(FamilyNotFound);
  });

  it.each(commands)('is refused while the family is closed: $type', (command) => {
    given([registered, nina, closed]).when(command).thenRefused(FamilyIsClosed);
  });

  it.each(commands)('is carried out after it was reopened: $type', (command) => {
    given([registered, nina, closed, reopened])
      .when(command)
      .then([expect.objectContaining({})]);
  });
});

describe('changing the password', () => {
  it('changes that of the member alone', () => {
    given([registered])
      .when({ type: 'ChangePassword', memberId: 'maria', passwordHash: 'hash-2', now })
      .then([
        { type: 'MemberPasswordChanged', data: { memberId: 'maria' }, personal: { passwordHash: 'hash-2' } },
      ]);
  });

  it('is refused for a member who cannot sign in', () => {
    given([registered, nina])
      .when({ type: 'ChangePassword', memberId: 'nina', passwordHash: 'hash-2', now })
      .thenRefused(MemberHasNoCredential);
  });

  it('changes nothing where it is the same hash', () => {
    given([registered])
      .when({ type: 'ChangePassword', memberId: 'maria', passwordHash: 'hash-1', now })
      .then([]);
  });
});

describe('renaming the family and changing its locale', () => {
  it('renames it', () => {
    given([registered])
      .when({ type: 'RenameFamily', familyName: 'Pérez', now })
      .then([{ type: 'FamilyRenamed', data: {}, personal: { familyName: 'Pérez' } }]);
  });

  it('changes nothing where the name is the same but for white space and composition', () => {
    given([registered]).when({ type: 'RenameFamily', familyName: ' Garci\u0301a', now }).then([]);
  });

  it('changes the locale to its canonical form', () => {
    given([registered])
      .when({ type: 'ChangeLocale', locale: 'EN-gb', now })
      .then([{ type: 'FamilyLocaleChanged', data: { locale: 'en-GB' }, personal: {} }]);
  });

  it('changes nothing where the locale is the same', () => {
    given([registered]).when({ type: 'ChangeLocale', locale: 'es-ES', now }).then([]);
  });
});

describe('renaming and changing the locale', () => {
  it('refuses what is no name and no locale', () => {
    given([registered]).when({ type: 'RenameFamily', familyName: ' ', now }).thenRefused(InvalidName);
    given([registered]).when({ type: 'ChangeLocale', locale: 'en_GB', now }).thenRefused(InvalidLocale);
  });
});

describe('a refusal', () => {
  it('says in one sentence what is not there, under a stable code, and holds no name', () => {
    const refusal = given([registered])
      .when({ type: 'RenameMember', memberId: 'nobody', nickname: 'Secret', now })
      .thenRefused(MemberNotFound);
    expect(refusal).toMatchObject({
      name: 'MemberNotFound',
      code: 'member-not-found',
      message: 'The family has no member nobody',
    });
    const invalid = given([registered])
      .when({ type: 'RenameFamily', familyName: 'Secret\u0000', now })
      .thenRefused(InvalidName);
    expect(invalid.message).toBe(invalid.rule);
    expect(invalid.message).not.toContain('Secret');
  });
});

describe('closing and reopening', () => {
  it('refuses a reason that nobody can read, or that is a story', () => {
    given([registered]).when({ type: 'CloseFamily', reason: '\u200B', now }).thenRefused(InvalidName);
    given([registered, closed])
      .when({ type: 'ReopenFamily', reason: 'x'.repeat(501), now })
      .thenRefused(InvalidName);
  });

  it('reopens with a reason among what is sealed', () => {
    given([registered, closed])
      .when({ type: 'ReopenFamily', reason: 'back again', now })
      .then([{ type: 'FamilyReopened', data: {}, personal: { reason: 'back again' } }]);
  });

  it('closes, with the reason among what is sealed', () => {
    given([registered])
      .when({ type: 'CloseFamily', reason: ' moving  away ', now })
      .then([{ type: 'FamilyClosed', data: {}, personal: { reason: 'moving away' } }]);
  });

  it('changes nothing where it is closed already', () => {
    given([registered, closed]).when({ type: 'CloseFamily', now }).then([]);
  });

  it('reopens a closed family, and changes nothing in an open one', () => {
    given([registered, closed]).when({ type: 'ReopenFamily', now }).then([reopened]);
    given([registered]).when({ type: 'ReopenFamily', now }).then([]);
    given([]).when({ type: 'ReopenFamily', now }).thenRefused(FamilyNotFound);
    given([]).when({ type: 'CloseFamily', now }).thenRefused(FamilyNotFound);
  });
});
