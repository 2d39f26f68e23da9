import { FamilyNotFound } from './errors.js';
import type { FamilyEvent, Role } from './events.js';

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
}

interface Registered {
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

/** A family as its events tell it. */
export type FamilyState = { readonly status: 'none' } | OpenFamily | ClosedFamily;

export const initialState: FamilyState = { status: 'none' };

/** Whether anybody has registered this family. */
export function isRegistered(state: FamilyState): state is OpenFamily | ClosedFamily {
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

/** The family after one more event. @param place when it was stored, and as which version of the stream */
export function evolve(
  state: FamilyState,
  event: FamilyEvent,
  place: { readonly at: Date; readonly version: number },
): FamilyState {
  if (event.type === 'FamilyRegistered') {
    const { ownerId, locale } = event.data;
    const { email, emailAsTyped, familyName, passwordHash } = event.personal;
    const owner: Member = {
      id: ownerId,
      role: 'owner',
      nickname: null,
      birthYear: null,
      joinedAt: place.at,
      version: place.version,
    };
    return {
      status: 'open',
      email,
      emailAsTyped,
      name: familyName,
      locale,
      createdAt: place.at,
      ownerId,
      members: [owner],
      credentials: { [ownerId]: { email, passwordHash } },
    };
  }
  // Nothing else can come before the registration: the decider refuses it.
  return isRegistered(state) ? evolveRegistered(state, event, place) : state;
}

function evolveRegistered(
  state: OpenFamily | ClosedFamily,
  event: Exclude<FamilyEvent, { type: 'FamilyRegistered' }>,
  { at, version }: { readonly at: Date; readonly version: number },
): FamilyState {
  switch (event.type) {
    case 'MemberPasswordChanged':
      return changePassword(state, event.data.memberId, event.personal.passwordHash);
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
  state: OpenFamily | ClosedFamily,
  member: string,
  passwordHash: string,
): OpenFamily | ClosedFamily {
  const credential = credentialOf(state, member);
  if (credential === null) return state;
  return { ...state, credentials: { ...state.credentials, [member]: { ...credential, passwordHash } } };
}

function changeMember(
  state: OpenFamily | ClosedFamily,
  id: string,
  change: Partial<Member>,
): OpenFamily | ClosedFamily {
  return {
    ...state,
    members: state.members.map((member) => (member.id === id ? { ...member, ...change } : member)),
  };
}

function reopen(state: OpenFamily | ClosedFamily): OpenFamily {
  if (state.status === 'open') return state;
  const { closedAt: _closedAt, ...rest } = state;
  return { ...rest, status: 'open' };
}
