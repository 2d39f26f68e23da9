import { LONGEST } from './lengths.js';
import { OptionalText, Text } from './text.js';

/** What a member signs in with. */
export class SignInDto {
  @Text(LONGEST.email, { format: 'email' }) email!: string;
  @Text(LONGEST.password, { format: 'password' }) password!: string;
  @OptionalText(LONGEST.name, { description: 'A name for the device, to be shown in a list of sessions.' })
  device?: string;
}
