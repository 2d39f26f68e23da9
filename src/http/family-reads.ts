import { Injectable } from '@nestjs/common';
import { FamiliesService } from '../families/families.service.js';
import type { LoadedFamily } from '../families/load-family.js';
import { ProjectionsService } from '../projections/projections.service.js';

/** What requests read of a family from its stream. */
@Injectable()
export class FamilyReads {
  constructor(
    private readonly families: FamiliesService,
    private readonly projections: ProjectionsService,
  ) {}

  /**
   * The family as its stream tells it, which is everything that was acknowledged: a position to be reached is
   * only compared with the log's head. @throws FamilyNotFound, PositionUnknown
   */
  async family(id: string, atLeast: number | undefined): Promise<LoadedFamily> {
    if (atLeast !== undefined) await this.projections.requireKnownPosition(atLeast);
    return this.families.find(id);
  }
}
