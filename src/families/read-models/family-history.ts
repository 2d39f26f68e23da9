import type { ProjectedEvent } from '../../projections/projection.js';
import { familyActivity, type Activity, type ActivityDocument } from './family-activity.js';

/** What happened in a family, and what its members are called. */
export interface FamilyHistory {
  /** One for each event, oldest first. */
  entries: Activity[];
  names: Readonly<Record<string, string>>;
}

/**
 * Every event of a family in words: as the read model `family_activity` has them, but all of them, from the
 * stream's first event on.
 * @throws DocumentMissing where the stream does not begin with a registration
 */
export function tellHistory(events: readonly ProjectedEvent[]): FamilyHistory {
  let document: ActivityDocument | null = null;
  const entries: Activity[] = [];
  for (const event of events) {
    const handler = familyActivity.on[event.type];
    if (handler === undefined) continue;
    // The handlers return what they were declared with; each adds one entry, and the last is never left out.
    document = handler(document === null ? null : { ...document }, event) as ActivityDocument | null;
    entries.push(...(document?.entries.slice(-1) ?? []));
  }
  return { entries, names: document?.names ?? {} };
}
