import { Module, type DynamicModule } from '@nestjs/common';
import type { Runtime } from './config/runtime.js';
import { RuntimeModule } from './config/runtime.module.js';
import { HttpModule } from './http/http.module.js';

/** The whole service. */
@Module({})
export class AppModule {
  static of(runtime: Runtime): DynamicModule {
    return { module: AppModule, imports: [RuntimeModule.of(runtime), HttpModule] };
  }
}
