import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { RUNTIME, type Runtime } from '../config/runtime.js';
import { clientOptions } from './connect.js';

/** The process's one connection pool, as the `service` user. */
@Module({
  imports: [
    MongooseModule.forRootAsync({
      inject: [RUNTIME],
      useFactory: ({ serviceUri }: Runtime) => ({
        uri: serviceUri,
        ...clientOptions(serviceUri),
        // Collections and indexes are made by `database init` and verified at start, never on the way.
        autoCreate: false,
        autoIndex: false,
        retryAttempts: 0,
      }),
    }),
  ],
})
export class DatabaseModule {}
