import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, MaxLength, ValidateIf } from 'class-validator';

/** What the OpenAPI document tells of a text beside its length. */
interface TextOptions {
  description?: string;
  example?: string;
  format?: string;
  default?: string;
}

/**
 * A string of bounded length. What it has to look like is the domain's to say; this keeps everything else
 * (numbers, arrays, operator objects) and everything oversized away from it.
 */
export function Text(maxLength: number, options: TextOptions = {}): PropertyDecorator {
  return applyDecorators(
    IsString(),
    MaxLength(maxLength),
    ApiProperty({ ...options, type: 'string', maxLength }),
  );
}

/** The same where the field may be left out. `null` is not leaving it out. */
export function OptionalText(maxLength: number, options: TextOptions = {}): PropertyDecorator {
  return applyDecorators(
    ValidateIf((_, value) => value !== undefined),
    IsString(),
    MaxLength(maxLength),
    ApiPropertyOptional({ ...options, type: 'string', maxLength }),
  );
}
