import type { Projection } from '../../projections/projection.js';
import { families } from './families.js';
import { familyActivity } from './family-activity.js';
import { members } from './members.js';
import { registrationsDaily } from './registrations-daily.js';

/** Every read model of the service. A new one is a file beside these and a line here. */
export const readModels: readonly Projection[] = [families, members, familyActivity, registrationsDaily];

/** Their names: the database gives rights on each. */
export const readModelNames: readonly string[] = readModels.map(({ name }) => name);
