import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { getConnectionToken } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import { RUNTIME, type Runtime } from '../config/runtime.js';
import { DatabaseModule } from '../database/database.module.js';
import { logDatabaseOf } from '../database/database-names.js';
import { EventLog } from './event-log.js';
import { LogCollections } from './log-collections.js';

@Module({
  imports: [DatabaseModule],
  providers: [
    {
      provide: LogCollections,
      inject: [getConnectionToken(), RUNTIME],
      useFactory: (connection: Connection, { databaseName }: Runtime) =>
        new LogCollections(connection.getClient(), logDatabaseOf(databaseName)),
    },
    {
      provide: EventLog,
      inject: [LogCollections, RUNTIME],
      useFactory: (collections: LogCollections, { configuration }: Runtime) =>
        new EventLog(collections, { deadlineMs: configuration.appendDeadlineMs }),
    },
  ],
  exports: [EventLog, LogCollections],
})
export class EventLogModule implements OnApplicationShutdown {
  constructor(@Inject(EventLog) private readonly log: EventLog) {}

  /** By then no request is left that could append. */
  onApplicationShutdown(): Promise<void> {
    return this.log.close();
  }
}
