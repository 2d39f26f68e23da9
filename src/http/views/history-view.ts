import { ApiProperty } from '@nestjs/swagger';
import type { HistoryPage } from '../../families/read-models/recent-history.js';

/** One thing that happened in a family. */
export class HistoryEntryView {
  @ApiProperty({ type: 'integer', description: 'The version of the family that it made.' })
  version!: number;

  @ApiProperty({ format: 'date-time' }) at!: string;
  @ApiProperty({ example: 'member-added', description: 'For clients that have words of their own.' })
  kind!: string;
  @ApiProperty({ example: 'Nina joined the family as a child' }) text!: string;
  @ApiProperty({ type: String, nullable: true, format: 'uuid', description: 'The member who did it.' })
  by!: string | null;
}

/** A part of a family's history, newest first. */
export class HistoryView {
  @ApiProperty({ type: [HistoryEntryView] }) entries!: HistoryEntryView[];

  @ApiProperty({
    type: 'integer',
    description:
      'How many entries are older than these. `before` the last of them gives more; the newest 200 are kept.',
  })
  older!: number;

  @ApiProperty({ type: 'integer', description: 'The place in the log up to which this tells.' })
  position!: number;
}

export function viewHistory({ entries, older, position }: HistoryPage): HistoryView {
  return {
    // Field by field: what else a read model may hold is none of the clients'.
    entries: entries.map(({ version, at, kind, text, by }) => ({
      version,
      at: at.toISOString(),
      kind,
      text,
      by,
    })),
    older,
    position,
  };
}
