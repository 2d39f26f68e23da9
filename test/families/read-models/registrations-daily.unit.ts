import { registrationsDaily } from '../../support/read-models.js';
import { added, closed, registered, renamed, reopened } from '../../support/family-events.js';
import { project, type Happened } from '../../support/project-events.js';
import type { FamilyEvent } from '../../../src/families/domain/events.js';

const { given } = project(registrationsDaily);

const on = (at: string, event: FamilyEvent): Happened => ({ ...event, at: new Date(at) });
const none = { registered: 0, closed: 0, reopened: 0, erased: 0 };

describe('the read model "registrations_daily"', () => {
  it('counts by day, in UTC', () => {
    given([
      on('2026-03-01T00:00:00.000Z', registered),
      on('2026-03-01T23:59:59.999Z', registered),
      on('2026-03-02T00:00:00.000Z', registered),
      on('2026-03-02T08:00:00+02:00', closed()),
      on('2026-03-02T10:00:00Z', reopened()),
      on('2026-03-02T11:00:00Z', closed('again')),
    ]).then({
      '2026-03-01': { ...none, registered: 2 },
      '2026-03-02': { ...none, registered: 1, closed: 2, reopened: 1 },
    });
  });

  it('is not about what families change of themselves', () => {
    given([registered, renamed('x'), added('a', 'A')]).then({ '2026-03-01': { ...none, registered: 1 } });
  });
});
