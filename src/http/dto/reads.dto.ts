import { OptionalWholeNumber } from './whole-number.js';

/** Most entries of a history that one answer holds. */
const MOST_ENTRIES = 200;

/** What any read may ask for. */
export class AtLeastDto {
  @OptionalWholeNumber({
    min: 0,
    description:
      'The `Position` header of an earlier answer: the read waits until it tells of everything up to there.',
  })
  atLeast?: number;
}

/** Which part of a history. */
export class ReadHistoryDto extends AtLeastDto {
  @OptionalWholeNumber({ min: 1, max: MOST_ENTRIES, default: 50, description: 'How many entries at most.' })
  limit?: number;

  @OptionalWholeNumber({
    min: 1,
    description: 'Only entries of versions below this one: the last of the page before.',
  })
  before?: number;
}
