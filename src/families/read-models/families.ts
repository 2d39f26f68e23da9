import { changing, creating } from '../../projections/projection.js';
import { familyIdOf, familyProjection, type Projected } from './family-projection.js';

/** A family at a glance: what operators search by. */
export interface FamilyDocument {
  /** Canonical. */
  email: string;
  emailAsTyped: string;
  name: string;
  /** The name as it is searched for: without case and marks. */
  searchName: string;
  locale: string;
  status: 'open' | 'closed';
  members: number;
  registeredAt: Date;
  closedAt: Date | null;
}

/** A name without case and marks, so that "garcia" finds "The Garcías". */
export function searchName(name: string): string {
  return name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

export const families = familyProjection<FamilyDocument>({
  name: 'families',
  version: 1,
  fedBy: 'one-stream',
  indexes: [
    { key: { email: 1 } },
    { key: { searchName: 1 } },
    { key: { registeredAt: 1 } },
    { key: { status: 1, registeredAt: 1 } },
  ],
  key: familyIdOf,
  on: {
    FamilyRegistered: creating(({ at, data, personal }) => ({
      email: personal.email,
      emailAsTyped: personal.emailAsTyped,
      name: personal.familyName,
      searchName: searchName(personal.familyName),
      locale: data.locale,
      status: 'open',
      members: 1,
      registeredAt: at,
      closedAt: null,
    })),
    FamilyRenamed: changing((family, { personal: { familyName } }) => ({
      ...family,
      name: familyName,
      searchName: searchName(familyName),
    })),
    FamilyLocaleChanged: changing((family, { data: { locale } }) => ({ ...family, locale })),
    MemberAdded: changing((family) => ({ ...family, members: family.members + 1 })),
    MemberRemoved: changing((family) => ({ ...family, members: family.members - 1 })),
    FamilyClosed: changing((family, { at }: Projected) => ({ ...family, status: 'closed', closedAt: at })),
    FamilyReopened: changing((family) => ({ ...family, status: 'open', closedAt: null })),
  },
});
