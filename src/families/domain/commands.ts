import type { EmailAddress } from './email-address.js';

interface Command<Type extends string> {
  readonly type: Type;
  /** The world is passed in: the domain has no clock. */
  readonly now: Date;
}

export interface RegisterFamily extends Command<'RegisterFamily'> {
  readonly ownerId: string;
  readonly email: EmailAddress;
  readonly passwordHash: string;
  readonly familyName: string;
  readonly locale: string;
}

export interface ChangePassword extends Command<'ChangePassword'> {
  readonly memberId: string;
  readonly passwordHash: string;
}

export interface RenameFamily extends Command<'RenameFamily'> {
  readonly familyName: string;
}

export interface ChangeLocale extends Command<'ChangeLocale'> {
  readonly locale: string;
}

export interface AddMember extends Command<'AddMember'> {
  readonly memberId: string;
  readonly role: 'parent' | 'child';
  readonly nickname: string;
  readonly birthYear?: number;
}

export interface RenameMember extends Command<'RenameMember'> {
  readonly memberId: string;
  readonly nickname: string;
}

export interface ChangeMemberBirthYear extends Command<'ChangeMemberBirthYear'> {
  readonly memberId: string;
  /** null removes it. */
  readonly birthYear: number | null;
}

export interface RemoveMember extends Command<'RemoveMember'> {
  readonly memberId: string;
}

export interface CloseFamily extends Command<'CloseFamily'> {
  readonly reason?: string;
}

export interface ReopenFamily extends Command<'ReopenFamily'> {
  readonly reason?: string;
}

/** What somebody wants to happen; `decide` may refuse it. */
export type FamilyCommand =
  | RegisterFamily
  | ChangePassword
  | RenameFamily
  | ChangeLocale
  | AddMember
  | RenameMember
  | ChangeMemberBirthYear
  | RemoveMember
  | CloseFamily
  | ReopenFamily;
