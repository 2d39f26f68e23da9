import { Module } from '@nestjs/common';
import { RUNTIME, type Runtime } from '../config/runtime.js';
import { fingerprintOf } from '../config/secrets.js';
import { EventLogModule } from '../event-log/event-log.module.js';
import { LogCollections } from '../event-log/log-collections.js';
import { FamilyKeys } from './family-keys.js';

@Module({
  imports: [EventLogModule],
  providers: [
    {
      provide: FamilyKeys,
      inject: [LogCollections, RUNTIME],
      useFactory: ({ db }: LogCollections, { secrets: { keyEncryptionKey: key } }: Runtime) =>
        new FamilyKeys(db.collection('family_keys'), { key, fingerprint: fingerprintOf(key) }),
    },
  ],
  exports: [FamilyKeys],
})
export class PrivacyModule {}
