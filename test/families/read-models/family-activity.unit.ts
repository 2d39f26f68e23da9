import { familyActivity } from '../../support/read-models.js';
import {
  added,
  birthYearChanged,
  closed,
  localeChanged,
  memberRenamed,
  passwordChanged,
  registered,
  removed,
  renamed,
  reopened,
} from '../../support/family-events.js';
import { FAMILY, minute, OWNER, project, type Happened } from '../../support/project-events.js';

const { given } = project(familyActivity);

/** What an entry says, in the order of its fields. */
const entry = (version: number, kind: string, text: string, by: string | null = OWNER) => ({
  version,
  at: minute(version),
  kind,
  text,
  by,
});
const first = entry(1, 'family-registered', 'The family "The Garcías" was registered');
const names = { [OWNER]: 'The owner' };

describe('the read model "family_activity"', () => {
  it('tells everything that happened, in words', () => {
    given([
      registered,
      added('nina', 'Nina'),
      birthYearChanged('nina', 2015),
      memberRenamed('nina', 'Nin'),
      birthYearChanged('nina', null),
      renamed('The Lópezes'),
      localeChanged('es-MX'),
      passwordChanged(OWNER),
      removed('nina'),
      closed('moving abroad'),
      reopened(),
    ]).then({
      [FAMILY]: {
        entries: [
          first,
          entry(2, 'member-added', 'Nina joined the family as a child'),
          entry(3, 'birth-year-changed', 'The birth year of Nina was set to 2015'),
          entry(4, 'member-renamed', 'Nina is now called Nin'),
          entry(5, 'birth-year-changed', 'The birth year of Nin was removed'),
          entry(6, 'family-renamed', 'The family is now called "The Lópezes"'),
          entry(7, 'locale-changed', 'The language was set to es-MX'),
          entry(8, 'password-changed', 'The owner changed the password'),
          entry(9, 'member-removed', 'Nin was removed from the family'),
          entry(10, 'family-closed', 'The family was closed: moving abroad'),
          entry(11, 'family-reopened', 'The family was reopened'),
        ],
        older: 0,
        names: { ...names, nina: 'Nin' },
      },
    });
  });

  it('says which member did it, and of nobody else', () => {
    const byOperator: Happened = { ...closed(), actor: 'operator:ada' };
    given([registered, byOperator]).then({
      [FAMILY]: {
        entries: [first, entry(2, 'family-closed', 'The family was closed', null)],
        older: 0,
        names,
      },
    });
  });

  it('keeps the last 200 entries, and counts those that it left out', () => {
    const many = Array.from({ length: 204 }, (_, index) => renamed(`Name ${index}`));
    const entries = many.map((_, index) =>
      entry(index + 2, 'family-renamed', `The family is now called "Name ${index}"`),
    );
    given([registered, ...many]).then({ [FAMILY]: { entries: entries.slice(4), older: 5, names } });
  });

  it('calls members whom it does not know by no name', () => {
    given([registered, removed('nobody')]).then({
      [FAMILY]: {
        entries: [first, entry(2, 'member-removed', 'A member was removed from the family')],
        older: 0,
        names,
      },
    });
  });
});
