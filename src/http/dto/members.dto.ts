import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, ValidateIf } from 'class-validator';
import { LONGEST } from './lengths.js';
import { OptionalText, Text } from './text.js';

/** A member to be added. Owner is who registered the family, and nobody else. */
export class AddMemberDto {
  @ApiProperty({ enum: ['parent', 'child'] })
  @IsIn(['parent', 'child'])
  role!: 'parent' | 'child';

  @Text(LONGEST.name, { example: 'Nina' }) nickname!: string;

  @ApiPropertyOptional({ type: Number, example: 2015 })
  @ValidateIf((_, value) => value !== undefined)
  @IsInt()
  birthYear?: number;
}

/** What is to change about a member; what is left out stays. */
export class ChangeMemberDto {
  @OptionalText(LONGEST.name) nickname?: string;

  @ApiPropertyOptional({ type: Number, nullable: true, description: '`null` removes it.' })
  @ValidateIf((_, value) => value !== undefined && value !== null)
  @IsInt()
  birthYear?: number | null;
}
