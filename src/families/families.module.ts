import { Module } from '@nestjs/common';
import { RUNTIME, type Runtime } from '../config/runtime.js';
import { EventLog } from '../event-log/event-log.js';
import { EventLogModule } from '../event-log/event-log.module.js';
import { IdempotencyKeys } from '../idempotency/idempotency-keys.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { FamilyKeys } from '../privacy/family-keys.js';
import { PrivacyModule } from '../privacy/privacy.module.js';
import { FamiliesService } from './families.service.js';
import { PasswordHashing } from './password-hashing.js';

@Module({
  imports: [EventLogModule, PrivacyModule, IdempotencyModule],
  providers: [
    {
      provide: PasswordHashing,
      inject: [RUNTIME],
      useFactory: ({ configuration }: Runtime) =>
        new PasswordHashing({
          concurrency: configuration.passwordHashConcurrency,
          maxWaiting: configuration.passwordHashQueue,
        }),
    },
    {
      provide: FamiliesService,
      inject: [EventLog, FamilyKeys, IdempotencyKeys, PasswordHashing, RUNTIME],
      useFactory: (
        log: EventLog,
        keys: FamilyKeys,
        idempotencyKeys: IdempotencyKeys,
        passwords: PasswordHashing,
        { configuration }: Runtime,
      ) => new FamiliesService({ log, keys, idempotencyKeys }, passwords, configuration.appendDeadlineMs),
    },
  ],
  exports: [FamiliesService, PasswordHashing, IdempotencyModule, PrivacyModule, EventLogModule],
})
export class FamiliesModule {}
