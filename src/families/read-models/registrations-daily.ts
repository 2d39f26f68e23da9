import { familyProjection } from './family-projection.js';

/** What happened on one day (UTC); its id is the date, such as `2026-11-25`. */
export interface DayDocument {
  registered: number;
  closed: number;
  reopened: number;
  erased: number;
}

const nothing: DayDocument = { registered: 0, closed: 0, reopened: 0, erased: 0 };

function oneMore(field: keyof DayDocument): (day: DayDocument | null) => DayDocument {
  return (day) => ({ ...(day ?? nothing), [field]: (day ?? nothing)[field] + 1 });
}

export const registrationsDaily = familyProjection<DayDocument>({
  name: 'registrations_daily',
  version: 1,
  fedBy: 'many-streams',
  indexes: [],
  key: ({ at }) => at.toISOString().slice(0, 10),
  on: {
    FamilyRegistered: oneMore('registered'),
    FamilyClosed: oneMore('closed'),
    FamilyReopened: oneMore('reopened'),
  },
});
