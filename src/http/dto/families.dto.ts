import { LONGEST } from './lengths.js';
import { OptionalText, Text } from './text.js';

/** What it takes to register a family with its owner. */
export class RegisterFamilyDto {
  @Text(LONGEST.email, { format: 'email', example: 'maria@example.com' }) email!: string;
  @Text(LONGEST.password, {
    format: 'password',
    description: '8 to 128 characters, no rules of composition.',
  })
  password!: string;
  @Text(LONGEST.name, { example: 'The Garcías' }) familyName!: string;
  @OptionalText(LONGEST.locale, { example: 'es-ES', default: 'en' }) locale?: string;
}
