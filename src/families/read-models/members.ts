import { changing, creating } from '../../projections/projection.js';
import type { Role } from '../domain/events.js';
import { familyIdOf, familyProjection, type Projected } from './family-projection.js';

/** One member of one family. */
export interface MemberDocument {
  family: string;
  role: Role;
  nickname: string | null;
  birthYear: number | null;
  joinedAt: Date;
}

/** The member an event is about; whoever registers is the family's first. */
function memberOf({ data }: Projected): string {
  if ('memberId' in data) return data.memberId;
  if ('ownerId' in data) return data.ownerId;
  throw new RangeError('This event is about no member');
}

export const members = familyProjection<MemberDocument>({
  name: 'members',
  version: 1,
  fedBy: 'one-stream',
  indexes: [{ key: { family: 1, joinedAt: 1 } }],
  key: memberOf,
  on: {
    FamilyRegistered: creating((event) => ({
      family: familyIdOf(event),
      role: 'owner',
      nickname: null,
      birthYear: null,
      joinedAt: event.at,
    })),
    MemberAdded: creating((event) => ({
      family: familyIdOf(event),
      role: event.data.role,
      nickname: event.personal.nickname,
      birthYear: event.personal.birthYear ?? null,
      joinedAt: event.at,
    })),
    MemberRenamed: changing((member, { personal: { nickname } }) => ({ ...member, nickname })),
    MemberBirthYearChanged: changing((member, { personal: { birthYear } }) => ({ ...member, birthYear })),
    MemberRemoved: () => null,
  },
});
