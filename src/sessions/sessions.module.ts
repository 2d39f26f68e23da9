import { Module } from '@nestjs/common';
import { RUNTIME, type Runtime } from '../config/runtime.js';
import { deriveKey } from '../config/secrets.js';
import { EventLog } from '../event-log/event-log.js';
import { FamiliesModule } from '../families/families.module.js';
import { PasswordHashing } from '../families/password-hashing.js';
import { FamilyKeys } from '../privacy/family-keys.js';
import { AccessTokens } from './access-tokens.js';
import { SignIn } from './sign-in.js';

@Module({
  imports: [FamiliesModule],
  providers: [
    {
      provide: AccessTokens,
      inject: [RUNTIME],
      useFactory: ({ configuration, secrets }: Runtime) =>
        new AccessTokens(deriveKey(secrets.serviceSecret, 'access-tokens'), {
          issuer: configuration.tokenIssuer,
          ttlSeconds: configuration.accessTokenTtlSeconds,
        }),
    },
    {
      provide: SignIn,
      inject: [EventLog, FamilyKeys, PasswordHashing],
      useFactory: (log: EventLog, keys: FamilyKeys, passwords: PasswordHashing) =>
        new SignIn(log, keys, passwords),
    },
  ],
  exports: [AccessTokens, SignIn],
})
export class SessionsModule {}
