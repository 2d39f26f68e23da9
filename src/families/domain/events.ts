import { UnknownEventShape } from './errors.js';
import { familyUpcasters, upcast, type EventShape, type Upcasters } from './upcast.js';

/** Roles in a family. The one who registers is its owner, and stays it. */
export type Role = 'owner' | 'parent' | 'child';

type None = Readonly<Record<string, never>>;

interface Fact<Type extends string, Data, Personal> {
  readonly type: Type;
  /** Not personal; stored in the clear. */
  readonly data: Readonly<Data>;
  /** Personal data and free text; sealed before it is stored. Absent fields are left out, never undefined. */
  readonly personal: Readonly<Personal>;
}

export type FamilyRegistered = Fact<
  'FamilyRegistered',
  { ownerId: string; locale: string },
  /** `email` is canonical and never computed again; a later rule must not move a claim. */
  { email: string; emailAsTyped: string; familyName: string; passwordHash: string }
>;
export type MemberPasswordChanged = Fact<
  'MemberPasswordChanged',
  { memberId: string },
  { passwordHash: string }
>;
export type FamilyRenamed = Fact<'FamilyRenamed', None, { familyName: string }>;
export type FamilyLocaleChanged = Fact<'FamilyLocaleChanged', { locale: string }, None>;
export type MemberAdded = Fact<
  'MemberAdded',
  { memberId: string; role: 'parent' | 'child' },
  { nickname: string; birthYear?: number }
>;
export type MemberRenamed = Fact<'MemberRenamed', { memberId: string }, { nickname: string }>;
export type MemberBirthYearChanged = Fact<
  'MemberBirthYearChanged',
  { memberId: string },
  { birthYear: number | null }
>;
export type MemberRemoved = Fact<'MemberRemoved', { memberId: string }, None>;
export type FamilyClosed = Fact<'FamilyClosed', None, { reason?: string }>;
export type FamilyReopened = Fact<'FamilyReopened', None, { reason?: string }>;

/** Everything that can have happened to a family. */
export type FamilyEvent =
  | FamilyRegistered
  | MemberPasswordChanged
  | FamilyRenamed
  | FamilyLocaleChanged
  | MemberAdded
  | MemberRenamed
  | MemberBirthYearChanged
  | MemberRemoved
  | FamilyClosed
  | FamilyReopened;

export type FamilyEventType = FamilyEvent['type'];
type OfType<Type extends FamilyEventType> = Extract<FamilyEvent, { type: Type }>;

/** An address that an event takes for a member, or gives back. */
export interface ClaimChange {
  readonly kind: 'make' | 'release';
  /** Canonical. */
  readonly email: string;
  readonly member: string;
}

interface Declaration<Event extends FamilyEvent> {
  /** The number of the shape as it is written today. */
  readonly schema: number;
  /** The fields that are stored in the clear. */
  readonly data: readonly (keyof Event['data'] & string)[];
  /** The fields that are sealed. */
  readonly personal: readonly (keyof Event['personal'] & string)[];
  /** The claims it makes or releases: claims follow from events alone. */
  claims?(event: Event): readonly ClaimChange[];
}

/**
 * What each event declares of itself: a field that is not named here is not stored. Stored names: renaming one needs
 * an upcaster.
 */
export const familyEventCatalogue: { readonly [Type in FamilyEventType]: Declaration<OfType<Type>> } = {
  FamilyRegistered: {
    schema: 1,
    data: ['ownerId', 'locale'],
    personal: ['email', 'emailAsTyped', 'familyName', 'passwordHash'],
    claims: ({ data, personal }) => [{ kind: 'make', email: personal.email, member: data.ownerId }],
  },
  MemberPasswordChanged: { schema: 1, data: ['memberId'], personal: ['passwordHash'] },
  FamilyRenamed: { schema: 1, data: [], personal: ['familyName'] },
  FamilyLocaleChanged: { schema: 1, data: ['locale'], personal: [] },
  MemberAdded: { schema: 1, data: ['memberId', 'role'], personal: ['nickname', 'birthYear'] },
  MemberRenamed: { schema: 1, data: ['memberId'], personal: ['nickname'] },
  MemberBirthYearChanged: { schema: 1, data: ['memberId'], personal: ['birthYear'] },
  MemberRemoved: { schema: 1, data: ['memberId'], personal: [] },
  FamilyClosed: { schema: 1, data: [], personal: ['reason'] },
  FamilyReopened: { schema: 1, data: [], personal: ['reason'] },
};

/** The claims an event makes or releases. Closing keeps them: nobody else may take the address meanwhile. */
export function claimsOf(event: FamilyEvent): readonly ClaimChange[] {
  const declared: Pick<Declaration<FamilyEvent>, 'claims'> = familyEventCatalogue[event.type];
  return declared.claims?.(event) ?? [];
}

/** Whether this code knows that type of event. */
export function isFamilyEventType(type: string): type is FamilyEventType {
  return Object.hasOwn(familyEventCatalogue, type);
}

/** Which shapes of events there are: the number of today's by type, and how older ones become it. */
export interface EventShapes {
  readonly catalogue: Readonly<Record<string, { readonly schema: number }>>;
  readonly upcasters: Upcasters;
}

export const familyShapes: EventShapes = { catalogue: familyEventCatalogue, upcasters: familyUpcasters };

/** The number of the shape in which events of this type are written today; 0 for a type that is not known. */
export function currentSchema(type: string, { catalogue } = familyShapes): number {
  return (Object.hasOwn(catalogue, type) ? catalogue[type]?.schema : undefined) ?? 0;
}

/** Whether this code can read that shape: it is today's, or an older one. */
export function isKnownShape(type: string, schema: number, shapes = familyShapes): boolean {
  return schema >= 1 && schema <= currentSchema(type, shapes);
}

/**
 * An event as it was stored, in whatever shape, as a domain event of today's shape.
 * @throws UnknownEventShape for a type or schema number that this build does not know
 */
export function parseFamilyEvent(
  type: string,
  schema: number,
  stored: EventShape,
  shapes = familyShapes,
): FamilyEvent {
  if (!isFamilyEventType(type)) throw new UnknownEventShape(type, schema);
  const numbers = { stored: schema, current: currentSchema(type, shapes) };
  const { data, personal } = upcast(shapes.upcasters, type, numbers, stored);
  // The type and the schema number say which shape it is: only this code has ever written them.
  return { type, data, personal } as FamilyEvent;
}
