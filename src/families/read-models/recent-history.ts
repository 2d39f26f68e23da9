import type { LogCollections } from '../../event-log/log-collections.js';
import { readStream } from '../../event-log/read/read-stream.js';
import type { ProjectionsService } from '../../projections/projections.service.js';
import { FamilyNotFound } from '../domain/errors.js';
import { familyStream } from '../family-stream.js';
import { familyActivity, type Activity, type ActivityDocument } from './family-activity.js';

/** Which part of a family's history, and how far it has to have come. */
export interface HistoryWanted {
  /** How many entries at most. */
  limit: number;
  /** Only what happened before the family had this version. */
  before?: number | undefined;
  /** A place in the log that has to be reached first. */
  atLeast?: number | undefined;
}

/** A part of what happened in a family, newest first. */
export interface HistoryPage {
  entries: Activity[];
  /** How many entries are older than these, those that are not kept any more included. */
  older: number;
  /** The place in the log up to which it tells; 0 where it tells of nothing yet. */
  position: number;
}

/** What happened in families, in words, from the read model `family_activity`. */
export class RecentHistory {
  constructor(
    private readonly projections: ProjectionsService,
    private readonly log: LogCollections,
  ) {}

  /**
   * What is there of a family's history. A family whose stream is parked has it up to where it was parked.
   * @throws FamilyNotFound, ProjectionNotBuilt, ProjectionBehind, PositionUnknown
   */
  async find(family: string, { limit, before, atLeast }: HistoryWanted): Promise<HistoryPage> {
    if (atLeast !== undefined) await this.projections.waitUntilReached(familyActivity.name, atLeast);
    const documents = await this.projections.documents(familyActivity.name);
    const found = await documents.findOne({ _id: family });
    if (found === null) return this.nothingOf(family);
    const { position, ...fields } = found;
    // This slot holds what the handlers of family-activity.ts return, and nothing else.
    const { entries, older } = fields as unknown as ActivityDocument;
    const earlier = before === undefined ? entries : entries.filter(({ version }) => version < before);
    const page = earlier.slice(-limit);
    return {
      entries: page.toReversed(),
      older: older + earlier.length - page.length,
      position: Number(position),
    };
  }

  /** Registered a moment ago, or parked with its very first event; or nobody. @throws FamilyNotFound */
  private async nothingOf(family: string): Promise<HistoryPage> {
    const first = await readStream(this.log, familyStream(family), 1);
    if (first.length === 0) throw new FamilyNotFound(family);
    return { entries: [], older: 0, position: 0 };
  }
}
