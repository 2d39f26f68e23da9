import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, ValidateIf } from 'class-validator';
import { ApiProperty } from '@nestjs/swagger';
import { OptionalText, Text } from './text.js';

/** Longest texts taken at the door, in UTF-16 code units; the domain's own limits are narrower. */
const EMAIL = 512;
const PASSWORD = 1_024;
const NAME = 512;
const LOCALE = 64;
const REASON = 1_000;

export class RegisterFamilyDto {
  @Text(EMAIL, { format: 'email', example: 'maria@example.com' }) email!: string;
  @Text(PASSWORD, { format: 'password', description: '8 to 128 characters, no rules of composition.' })
  password!: string;
  @Text(NAME, { example: 'The Garcías' }) familyName!: string;
  @OptionalText(LOCALE, { example: 'es-ES', default: 'en' }) locale?: string;
}

export class SignInDto {
  @Text(EMAIL, { format: 'email' }) email!: string;
  @Text(PASSWORD, { format: 'password' }) password!: string;
  @OptionalText(NAME, { description: 'A name for the device, to be shown in a list of sessions.' })
  device?: string;
}

export class ChangeFamilyDto {
  @OptionalText(NAME) name?: string;
  @OptionalText(LOCALE) locale?: string;
}

export class AddMemberDto {
  @ApiProperty({ enum: ['parent', 'child'] })
  @IsIn(['parent', 'child'])
  role!: 'parent' | 'child';

  @Text(NAME, { example: 'Nina' }) nickname!: string;

  @ApiPropertyOptional({ type: Number, example: 2015 })
  @ValidateIf((_, value) => value !== undefined)
  @IsInt()
  birthYear?: number;
}

export class ChangeMemberDto {
  @OptionalText(NAME) nickname?: string;

  @ApiPropertyOptional({ type: Number, nullable: true, description: '`null` removes it.' })
  @ValidateIf((_, value) => value !== undefined && value !== null)
  @IsInt()
  birthYear?: number | null;
}

export class ChangePasswordDto {
  @Text(PASSWORD, { format: 'password' }) current!: string;
  @Text(PASSWORD, { format: 'password' }) new!: string;
}

export class ReasonDto {
  @OptionalText(REASON) reason?: string;
}
