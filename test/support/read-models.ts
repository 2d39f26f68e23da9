/** The service's read models by name. */
export { families } from '../../src/families/read-models/families.js';
export { familyActivity } from '../../src/families/read-models/family-activity.js';
export { members } from '../../src/families/read-models/members.js';
export { registrationsDaily } from '../../src/families/read-models/registrations-daily.js';
