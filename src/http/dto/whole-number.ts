import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, Max, Min, ValidateIf } from 'class-validator';

interface WholeNumberOptions {
  min: number;
  max?: number;
  description: string;
  default?: number;
}

/**
 * A whole number in a query, which is text there: decimal digits and nothing else become a number, everything
 * else (signs, blanks, lists, nothing at all) stays what it is and is refused.
 */
export function OptionalWholeNumber({
  min,
  max = Number.MAX_SAFE_INTEGER,
  ...options
}: WholeNumberOptions): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value,
    ),
    ValidateIf((_, value) => value !== undefined),
    IsInt(),
    Min(min),
    Max(max),
    ApiPropertyOptional({ ...options, type: 'integer', minimum: min, maximum: max }),
  );
}
