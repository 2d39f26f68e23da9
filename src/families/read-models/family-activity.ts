import { changing, creating } from '../../projections/projection.js';
import { familyIdOf, familyProjection, type Projected } from './family-projection.js';

/** What a family's history goes back to; older entries are in its stream (`families history`). */
const MOST_ENTRIES = 200;

/** One thing that happened, for people. */
export interface Activity {
  /** Version of the family that it made. */
  version: number;
  at: Date;
  /** For clients that have words of their own. */
  kind: string;
  /** What happened, as a parent would say it. */
  text: string;
  /** The member who did it; null for anyone else. */
  by: string | null;
}

/** What happened in one family, oldest first. */
export interface ActivityDocument {
  entries: Activity[];
  /** How many older entries were left out. */
  older: number;
  /** What members are called, also those who left: an entry says "Nina", not an id. */
  names: Record<string, string>;
}

const nothing: ActivityDocument = { entries: [], older: 0, names: {} };

function happened(
  before: ActivityDocument,
  { version, at, actor }: Projected,
  kind: string,
  text: string,
  names: Record<string, string> = before.names,
): ActivityDocument {
  const by = actor.startsWith('member:') ? actor.slice('member:'.length) : null;
  const entries = [...before.entries, { version, at, kind, text, by }];
  const tooMany = Math.max(0, entries.length - MOST_ENTRIES);
  return { entries: entries.slice(tooMany), older: before.older + tooMany, names };
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${reason}`;
}

export const familyActivity = familyProjection<ActivityDocument>({
  name: 'family_activity',
  version: 1,
  fedBy: 'one-stream',
  needsEveryType: true,
  indexes: [],
  key: familyIdOf,
  on: {
    FamilyRegistered: creating((event) =>
      happened(
        nothing,
        event,
        'family-registered',
        `The family "${event.personal.familyName}" was registered`,
        { [event.data.ownerId]: 'The owner' },
      ),
    ),
    MemberPasswordChanged: changing((before, event) =>
      happened(
        before,
        event,
        'password-changed',
        `${before.names[event.data.memberId] ?? 'A member'} changed the password`,
      ),
    ),
    FamilyRenamed: changing((before, event) =>
      happened(before, event, 'family-renamed', `The family is now called "${event.personal.familyName}"`),
    ),
    FamilyLocaleChanged: changing((before, event) =>
      happened(before, event, 'locale-changed', `The language was set to ${event.data.locale}`),
    ),
    MemberAdded: changing((before, event) => {
      const { nickname } = event.personal;
      const text = `${nickname} joined the family as a ${event.data.role}`;
      const names = { ...before.names, [event.data.memberId]: nickname };
      return happened(before, event, 'member-added', text, names);
    }),
    MemberRenamed: changing((before, event) => {
      const { memberId } = event.data;
      const { nickname } = event.personal;
      const text = `${before.names[memberId] ?? 'A member'} is now called ${nickname}`;
      return happened(before, event, 'member-renamed', text, { ...before.names, [memberId]: nickname });
    }),
    MemberBirthYearChanged: changing((before, event) => {
      const name = before.names[event.data.memberId] ?? 'a member';
      const { birthYear } = event.personal;
      const text =
        birthYear === null
          ? `The birth year of ${name} was removed`
          : `The birth year of ${name} was set to ${birthYear}`;
      return happened(before, event, 'birth-year-changed', text);
    }),
    MemberRemoved: changing((before, event) => {
      const name = before.names[event.data.memberId] ?? 'A member';
      return happened(before, event, 'member-removed', `${name} was removed from the family`);
    }),
    FamilyClosed: changing((before, event) =>
      happened(before, event, 'family-closed', `The family was closed${because(event.personal.reason)}`),
    ),
    FamilyReopened: changing((before, event) =>
      happened(before, event, 'family-reopened', `The family was reopened${because(event.personal.reason)}`),
    ),
  },
});
