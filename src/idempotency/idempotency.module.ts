import { Module } from '@nestjs/common';
import { RUNTIME, type Runtime } from '../config/runtime.js';
import { deriveKey } from '../config/secrets.js';
import { EventLogModule } from '../event-log/event-log.module.js';
import { LogCollections } from '../event-log/log-collections.js';
import { IdempotencyKeys } from './idempotency-keys.js';

@Module({
  imports: [EventLogModule],
  providers: [
    {
      provide: IdempotencyKeys,
      inject: [LogCollections, RUNTIME],
      useFactory: ({ db }: LogCollections, { secrets, configuration }: Runtime) =>
        new IdempotencyKeys(
          db.collection('idempotency_keys'),
          deriveKey(secrets.serviceSecret, 'idempotency-keys'),
          configuration.appendDeadlineMs,
        ),
    },
  ],
  exports: [IdempotencyKeys],
})
export class IdempotencyModule {}
