import { members } from '../../support/read-models.js';
import {
  added,
  birthYearChanged,
  memberRenamed,
  registered,
  removed,
  renamed,
} from '../../support/family-events.js';
import { FAMILY, minute, OWNER, project } from '../../support/project-events.js';

const { given } = project(members);

const owner = { family: FAMILY, role: 'owner', nickname: null, birthYear: null, joinedAt: minute(1) };
const nina = { family: FAMILY, role: 'child', nickname: 'Nina', birthYear: 2015, joinedAt: minute(2) };

describe('the read model "members"', () => {
  it('begins with the owner', () => {
    given([registered]).then({ [OWNER]: owner });
  });

  it('has a document for everyone who joins', () => {
    given([registered, added('nina', 'Nina', 'child', 2015), added('pa', 'Pa', 'parent')]).then({
      [OWNER]: owner,
      nina,
      pa: { family: FAMILY, role: 'parent', nickname: 'Pa', birthYear: null, joinedAt: minute(3) },
    });
  });

  it('shows the present nickname and birth year, the owner’s too', () => {
    given([
      registered,
      added('nina', 'Nina', 'child', 2015),
      memberRenamed('nina', 'Nin'),
      birthYearChanged('nina', null),
      memberRenamed(OWNER, 'Ma'),
      birthYearChanged(OWNER, 1988),
    ]).then({
      [OWNER]: { ...owner, nickname: 'Ma', birthYear: 1988 },
      nina: { ...nina, nickname: 'Nin', birthYear: null },
    });
  });

  it('has none for who was removed', () => {
    given([registered, added('nina', 'Nina'), removed('nina')]).then({ [OWNER]: owner });
  });

  it('is not about the family’s name', () => {
    given([registered, renamed('Others')]).then({ [OWNER]: owner });
  });
});
