import type { FamilyEvent } from '../../../src/families/domain/events.js';

/** The family in the specifications: Maria registered it, and Nina is her child. */
export const registered: FamilyEvent = {
  type: 'FamilyRegistered',
  data: { ownerId: 'maria', locale: 'es-ES' },
  personal: {
    email: 'maria@example.com',
    emailAsTyped: 'Maria@Example.com',
    familyName: 'García',
    passwordHash: 'hash-1',
  },
};
export const nina: FamilyEvent = {
  type: 'MemberAdded',
  data: { memberId: 'nina', role: 'child' },
  personal: { nickname: 'Nina', birthYear: 2015 },
};
export const closed: FamilyEvent = { type: 'FamilyClosed', data: {}, personal: {} };
export const reopened: FamilyEvent = { type: 'FamilyReopened', data: {}, personal: {} };
