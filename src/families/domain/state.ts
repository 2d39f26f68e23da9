import { FamilyNotFound } from './errors.js';
import type { FamilyEvent, FamilyRegistered, MemberPasswordChanged, Role } from './events.js';

/** A member as the family knows one. */
export interface Member {
  readonly id: string;
  readonly role: Role;
  readonly nickname: string | null;
  readonly birthYear: number | null;
  readonly joinedAt: Date;
  /** Version of the stream at which this member last changed. */
  readonly version: number;
}

/** What a member signs in with. */
export interface Credential {
  /** Canonical. */
  readonly email: string;
  readonly passwordHash: string;
  /** Version of the stream at which it was last changed. */
  readonly changedAtVersion: number;
}

interface Registered {
  /** Number of events so far: the version of the last one. */
  readonly version: number;
  /** Canonical; the claim. */
  readonly email: string;
  readonly emailAsTyped: string;
  readonly name: string;
  readonly locale: string;
  readonly createdAt: Date;
  readonly ownerId: string;
  /** In the order of joining; the owner first. */
  readonly members: readonly Member[];
  /** By member: one credential each, and only for those who can sign in. */
  readonly credentials: Readonly<Record<string, Credential>>;
}

export interface OpenFamily extends Registered {
  readonly status: 'open';
}

export interface ClosedFamily extends Registered {
  readonly status: 'closed';
  readonly closedAt: Date;
}

export type RegisteredFamily = OpenFamily | ClosedFamily;

/** A family as its events tell it. Its id is the stream's. */
export type FamilyState = { readonly status: 'none' } | RegisteredFamily;

export const initialState: FamilyState = { status: 'none' };

/** Whether anybody has registered this family. */
export function isRegistered(state: FamilyState): state is RegisteredFamily {
  return state.status !== 'none';
}

/** The member who registered the family. @throws FamilyNotFound where nobody has */
export function ownerOf(state: FamilyState): string {
  if (!isRegistered(state)) throw new FamilyNotFound();
  return state.ownerId;
}

/** What a member signs in with; null for one who cannot. */
export function credentialOf(state: FamilyState, member: string): Credential | null {
  if (!isRegistered(state) || !Object.hasOwn(state.credentials, member)) return null;
  return state.credentials[member] ?? null;
}

/** The member with this id, or null. */
export function memberOf(state: FamilyState, id: string): Member | null {
  return isRegistered(state) ? (state.members.find((member) => member.id === id) ?? null) : null;
}

/** Where in its stream an event stands, and when it was stored. */
export interface Place {
  readonly at: Date;
  readonly version: number;
}

/**
 * The family after one more event. Total and pure: it takes every event in every state, throws nothing and
 * changes nothing that it was given. What `decide` would never have written (an event before the registration,
 * a second registration, a change to a member who is not there) leaves the family as it is.
 */
export function evolve(state: FamilyState, event: FamilyEvent, place: Place): FamilyState {
  if (!isRegistered(state)) return event.type === 'FamilyRegistered' ? registered(event, place) : state;
  return { ...evolveRegistered(state, event, place), version: place.version };
}

function registered({ data, personal }: FamilyRegistered, { at, version }: Place): OpenFamily {
  const { ownerId, locale } = data;
  const { email, emailAsTyped, familyName, passwordHash } = personal;
  const owner: Member = {
    id: ownerId,
    role: 'owner',
    nickname: null,
    birthYear: null,
    joinedAt: at,
    version,
  };
  return {
    status: 'open',
    version,
    email,
    emailAsTyped,
    name: familyName,
    locale,
    createdAt: at,
    ownerId,
    members: [owner],
    credentials: { [ownerId]: { email, passwordHash, changedAtVersion: version } },
  };
}

function evolveRegistered(
  state: RegisteredFamily,
  event: FamilyEvent,
  { at, version }: Place,
): RegisteredFamily {
  switch (event.type) {
    case 'FamilyRegistered':
      return state;
    case 'MemberPasswordChanged':
      return changePassword(state, event, version);
    case 'FamilyRenamed':
      return { ...state, name: event.personal.familyName };
    case 'FamilyLocaleChanged':
      return { ...state, locale: event.data.locale };
    case 'MemberAdded': {
      const { memberId: id, role } = event.data;
      const { nickname, birthYear = null } = event.personal;
      const member: Member = { id, role, nickname, birthYear, joinedAt: at, version };
      return { ...state, members: [...state.members, member] };
    }
    case 'MemberRenamed':
      return changeMember(state, event.data.memberId, { nickname: event.personal.nickname, version });
    case 'MemberBirthYearChanged':
      return changeMember(state, event.data.memberId, { birthYear: event.personal.birthYear, version });
    case 'MemberRemoved': {
      const { [event.data.memberId]: _removed, ...credentials } = state.credentials;
      const members = state.members.filter(({ id }) => id !== event.data.memberId);
      return { ...state, members, credentials };
    }
    case 'FamilyClosed':
      return { ...state, status: 'closed', closedAt: at };
    case 'FamilyReopened':
      return reopen(state);
  }
}

function changePassword(
  state: RegisteredFamily,
  { data: { memberId }, personal: { passwordHash } }: MemberPasswordChanged,
  changedAtVersion: number,
): RegisteredFamily {
  const credential = credentialOf(state, memberId);
  if (credential === null) return state;
  const changed: Credential = { ...credential, passwordHash, changedAtVersion };
  return { ...state, credentials: { ...state.credentials, [memberId]: changed } };
}

function changeMember(state: RegisteredFamily, id: string, change: Partial<Member>): RegisteredFamily {
  const members = state.members.map((member) => (member.id === id ? { ...member, ...change } : member));
  return { ...state, members };
}

function reopen(state: RegisteredFamily): OpenFamily {
  if (state.status === 'open') return state;
  const { closedAt: _closedAt, ...rest } = state;
  return { ...rest, status: 'open' };
}
