import { familyProjection, type Projected } from '../../../src/families/read-models/family-projection.js';

/** How often a locale was chosen; its id is the locale. */
export interface LocaleDocument {
  atRegistration: number;
  later: number;
}

const never: LocaleDocument = { atRegistration: 0, later: 0 };

/** The document that an event changes. Every event of `on` has a locale. */
function localeOf({ data }: Projected): string {
  if (!('locale' in data)) throw new RangeError('This event is about no locale');
  return data.locale;
}

export const localesChosen = familyProjection<LocaleDocument>({
  name: 'locales_chosen',
  version: 1,
  fedBy: 'many-streams',
  indexes: [{ key: { atRegistration: -1 } }],
  key: localeOf,
  on: {
    FamilyRegistered: (chosen) => {
      const { atRegistration, later } = chosen ?? never;
      return { atRegistration: atRegistration + 1, later };
    },
    FamilyLocaleChanged: (chosen) => {
      const { atRegistration, later } = chosen ?? never;
      return { atRegistration, later: later + 1 };
    },
  },
});
