import { Inject, Module, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { RUNTIME, type Runtime } from '../../config/runtime.js';
import { EventLogModule } from '../../event-log/event-log.module.js';
import { LogCollections } from '../../event-log/log-collections.js';
import { FamilyKeys } from '../../privacy/family-keys.js';
import { PrivacyModule } from '../../privacy/privacy.module.js';
import { ProjectionEngine } from '../../projections/engine.js';
import { ProjectionsService } from '../../projections/projections.service.js';
import { FamilyEventDecoder } from './family-event-decoder.js';
import { RecentHistory } from './recent-history.js';
import { readModels } from './index.js';

@Module({
  imports: [EventLogModule, PrivacyModule],
  providers: [
    {
      provide: ProjectionsService,
      inject: [LogCollections, FamilyKeys, RUNTIME],
      useFactory: (log: LogCollections, keys: FamilyKeys, { databaseName, logger }: Runtime) =>
        new ProjectionsService(
          new ProjectionEngine(log, databaseName, readModels, new FamilyEventDecoder(keys)),
          logger,
        ),
    },
    {
      provide: RecentHistory,
      inject: [ProjectionsService, LogCollections],
      useFactory: (projections: ProjectionsService, log: LogCollections) =>
        new RecentHistory(projections, log),
    },
  ],
  exports: [ProjectionsService, RecentHistory],
})
export class ReadModelsModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(ProjectionsService) private readonly projections: ProjectionsService) {}

  onApplicationBootstrap(): void {
    this.projections.start();
  }

  /** Before the connection is closed under it. */
  beforeApplicationShutdown(): Promise<void> {
    return this.projections.stop();
  }
}
