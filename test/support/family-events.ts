import type { FamilyEvent } from '../../src/families/domain/events.js';
import { OWNER } from './project-events.js';

/** Events of one family, as specifications of read models name them. */
export const registered: FamilyEvent = {
  type: 'FamilyRegistered',
  data: { ownerId: OWNER, locale: 'es-ES' },
  personal: {
    email: 'garcia@example.org',
    emailAsTyped: 'Garcia@Example.org',
    familyName: 'The Garcías',
    passwordHash: '$argon2id$secret',
  },
};

export const renamed = (familyName: string): FamilyEvent => ({
  type: 'FamilyRenamed',
  data: {},
  personal: { familyName },
});

export const localeChanged = (locale: string): FamilyEvent => ({
  type: 'FamilyLocaleChanged',
  data: { locale },
  personal: {},
});

export const added = (
  memberId: string,
  nickname: string,
  role: 'parent' | 'child' = 'child',
  birthYear?: number,
): FamilyEvent => ({
  type: 'MemberAdded',
  data: { memberId, role },
  personal: { nickname, ...(birthYear === undefined ? {} : { birthYear }) },
});

export const memberRenamed = (memberId: string, nickname: string): FamilyEvent => ({
  type: 'MemberRenamed',
  data: { memberId },
  personal: { nickname },
});

export const birthYearChanged = (memberId: string, birthYear: number | null): FamilyEvent => ({
  type: 'MemberBirthYearChanged',
  data: { memberId },
  personal: { birthYear },
});

export const removed = (memberId: string): FamilyEvent => ({
  type: 'MemberRemoved',
  data: { memberId },
  personal: {},
});

export const passwordChanged = (memberId: string): FamilyEvent => ({
  type: 'MemberPasswordChanged',
  data: { memberId },
  personal: { passwordHash: '$argon2id$other' },
});

export const closed = (reason?: string): FamilyEvent => ({
  type: 'FamilyClosed',
  data: {},
  personal: reason === undefined ? {} : { reason },
});

export const reopened = (reason?: string): FamilyEvent => ({
  type: 'FamilyReopened',
  data: {},
  personal: reason === undefined ? {} : { reason },
});
