import { LONGEST } from './lengths.js';
import { OptionalText, Text } from './text.js';

/** What is to change about a family; what is left out stays. */
export class ChangeFamilyDto {
  @OptionalText(LONGEST.name) name?: string;
  @OptionalText(LONGEST.locale) locale?: string;
}

/** The caller's present password, and the one to come. */
export class ChangePasswordDto {
  @Text(LONGEST.password, { format: 'password' }) current!: string;
  @Text(LONGEST.password, { format: 'password' }) new!: string;
}

/** Why a family is closed or reopened. */
export class ReasonDto {
  @OptionalText(LONGEST.reason) reason?: string;
}
