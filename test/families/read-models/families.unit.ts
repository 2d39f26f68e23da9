import { searchName } from '../../../src/families/read-models/families.js';
import { families } from '../../support/read-models.js';
import {
  added,
  closed,
  localeChanged,
  passwordChanged,
  registered,
  removed,
  renamed,
  reopened,
} from '../../support/family-events.js';
import { FAMILY, minute, project } from '../../support/project-events.js';

const { given } = project(families);

const fresh = {
  email: 'garcia@example.org',
  emailAsTyped: 'Garcia@Example.org',
  name: 'The Garcías',
  searchName: 'the garcias',
  locale: 'es-ES',
  status: 'open',
  members: 1,
  registeredAt: minute(1),
  closedAt: null,
};

describe('the read model "families"', () => {
  it('shows a registered family at a glance, and nothing secret', () => {
    given([registered]).then({ [FAMILY]: fresh });
  });

  it('shows the present name and locale', () => {
    given([registered, renamed('Łódź & Söhne'), localeChanged('pl')]).then({
      [FAMILY]: { ...fresh, name: 'Łódź & Söhne', searchName: 'łodz & sohne', locale: 'pl' },
    });
  });

  it('counts members', () => {
    given([registered, added('a', 'A'), added('b', 'B', 'parent'), removed('a')]).then({
      [FAMILY]: { ...fresh, members: 2 },
    });
  });

  it('shows since when a family is closed, until it is reopened', () => {
    given([registered, closed('moving')]).then({
      [FAMILY]: { ...fresh, status: 'closed', closedAt: minute(2) },
    });
    given([registered, closed(), reopened()]).then({ [FAMILY]: fresh });
  });

  it('is not about passwords', () => {
    given([registered, passwordChanged('the-owner')]).then({ [FAMILY]: fresh });
  });

  it.each([
    ['The Garcías', 'the garcias'],
    ['ﬁne Ⅳ', 'fine iv'],
    ['Ångström', 'angstrom'],
  ])('finds %s as %s', (name, searched) => expect(searchName(name)).toBe(searched));
});
