import { Module } from '@nestjs/common';
import { FamiliesModule } from '../families/families.module.js';
import { ReadModelsModule } from '../families/read-models/read-models.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { FamiliesController } from './families.controller.js';
import { FamilyController } from './family.controller.js';
import { FamilyReads } from './family-reads.js';
import { HealthController } from './health.controller.js';
import { HistoryController } from './history.controller.js';
import { MembersController } from './members.controller.js';
import { ProblemsController } from './problems.controller.js';
import { RequestedChanges } from './requested-changes.js';
import { SessionsController } from './sessions.controller.js';

/** The HTTP API, version 1. What it needs comes from the core. */
@Module({
  imports: [FamiliesModule, ReadModelsModule, SessionsModule],
  controllers: [
    FamiliesController,
    FamilyController,
    HistoryController,
    MembersController,
    SessionsController,
    HealthController,
    ProblemsController,
  ],
  providers: [FamilyReads, RequestedChanges],
})
export class HttpModule {}
