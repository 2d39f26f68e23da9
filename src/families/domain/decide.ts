import { parseBirthYear } from './birth-year.js';
import type {
  AddMember,
  ChangeMemberBirthYear,
  ChangePassword,
  CloseFamily,
  FamilyCommand,
  RegisterFamily,
  RemoveMember,
  RenameMember,
  ReopenFamily,
} from './commands.js';
import {
  FamilyAlreadyRegistered,
  FamilyIsClosed,
  FamilyNotFound,
  MemberAlreadyAdded,
  MemberHasNoCredential,
  MemberLimitReached,
  MemberNotFound,
  OwnerCannotBeRemoved,
} from './errors.js';
import type { FamilyEvent } from './events.js';
import { parseLocale } from './locale.js';
import { parseName, parseReason } from './names.js';
import { credentialOf, memberOf, type FamilyState, type Member, type OpenFamily } from './state.js';

/** Members of one family at most, its owner included. */
export const MAX_MEMBERS = 50;

/**
 * What a command makes happen to a family in this state: the events, none where nothing has to change.
 * Pure: no clock, no randomness, no look-up.
 * @throws a DomainError where the command is refused
 */
export function decide(command: FamilyCommand, state: FamilyState): FamilyEvent[] {
  if (command.type === 'RegisterFamily') return register(command, state);
  if (state.status === 'none') throw new FamilyNotFound();
  if (command.type === 'ReopenFamily') return reopen(command, state);
  if (command.type === 'CloseFamily') return close(command, state);
  if (state.status === 'closed') throw new FamilyIsClosed();
  switch (command.type) {
    case 'ChangePassword':
      return changePassword(command, state);
    case 'RenameFamily': {
      const familyName = parseName(command.familyName);
      return familyName === state.name ? [] : [{ type: 'FamilyRenamed', data: {}, personal: { familyName } }];
    }
    case 'ChangeLocale': {
      const locale = parseLocale(command.locale);
      return locale === state.locale ? [] : [{ type: 'FamilyLocaleChanged', data: { locale }, personal: {} }];
    }
    case 'AddMember':
      return addMember(command, state);
    case 'RenameMember':
      return renameMember(command, state);
    case 'ChangeMemberBirthYear':
      return changeBirthYear(command, state);
    case 'RemoveMember':
      return removeMember(command, state);
  }
}

function register(
  { ownerId, email, passwordHash, ...rest }: RegisterFamily,
  state: FamilyState,
): FamilyEvent[] {
  if (state.status !== 'none') throw new FamilyAlreadyRegistered();
  const familyName = parseName(rest.familyName);
  const locale = parseLocale(rest.locale);
  return [
    {
      type: 'FamilyRegistered',
      data: { ownerId, locale },
      personal: { email: email.canonical, emailAsTyped: email.asTyped, familyName, passwordHash },
    },
  ];
}

function close(command: CloseFamily, state: FamilyState): FamilyEvent[] {
  return state.status === 'closed' ? [] : [{ type: 'FamilyClosed', data: {}, personal: because(command) }];
}

function reopen(command: ReopenFamily, state: FamilyState): FamilyEvent[] {
  return state.status === 'open' ? [] : [{ type: 'FamilyReopened', data: {}, personal: because(command) }];
}

function because({ reason }: CloseFamily | ReopenFamily): { reason?: string } {
  return reason === undefined ? {} : { reason: parseReason(reason) };
}

function changePassword({ memberId, passwordHash }: ChangePassword, state: OpenFamily): FamilyEvent[] {
  requireMember(state, memberId);
  const credential = credentialOf(state, memberId);
  if (credential === null) throw new MemberHasNoCredential(memberId);
  return passwordHash === credential.passwordHash
    ? []
    : [{ type: 'MemberPasswordChanged', data: { memberId }, personal: { passwordHash } }];
}

function addMember({ memberId, role, now, ...given }: AddMember, state: OpenFamily): FamilyEvent[] {
  const nickname = parseName(given.nickname);
  const birthYear = given.birthYear === undefined ? null : parseBirthYear(given.birthYear, now);
  const present = memberOf(state, memberId);
  if (present !== null) {
    const isRepeat =
      present.role === role && present.nickname === nickname && present.birthYear === birthYear;
    if (isRepeat) return [];
    throw new MemberAlreadyAdded(memberId);
  }
  if (state.members.length >= MAX_MEMBERS) throw new MemberLimitReached(MAX_MEMBERS);
  const born = birthYear === null ? {} : { birthYear };
  return [{ type: 'MemberAdded', data: { memberId, role }, personal: { nickname, ...born } }];
}

function renameMember(command: RenameMember, state: OpenFamily): FamilyEvent[] {
  const { id: memberId, nickname: present } = requireMember(state, command.memberId);
  const nickname = parseName(command.nickname);
  return nickname === present ? [] : [{ type: 'MemberRenamed', data: { memberId }, personal: { nickname } }];
}

function changeBirthYear(command: ChangeMemberBirthYear, state: OpenFamily): FamilyEvent[] {
  const { id: memberId, birthYear: present } = requireMember(state, command.memberId);
  const birthYear = command.birthYear === null ? null : parseBirthYear(command.birthYear, command.now);
  return birthYear === present
    ? []
    : [{ type: 'MemberBirthYearChanged', data: { memberId }, personal: { birthYear } }];
}

function removeMember({ memberId }: RemoveMember, state: OpenFamily): FamilyEvent[] {
  if (requireMember(state, memberId).role === 'owner') throw new OwnerCannotBeRemoved();
  return [{ type: 'MemberRemoved', data: { memberId }, personal: {} }];
}

function requireMember(state: OpenFamily, id: string): Member {
  const member = memberOf(state, id);
  if (member === null) throw new MemberNotFound(id);
  return member;
}
