import { Module, type DynamicModule } from '@nestjs/common';
import { RUNTIME, type Runtime } from './runtime.js';

/** Gives every module what the process was started with. */
@Module({})
export class RuntimeModule {
  static of(runtime: Runtime): DynamicModule {
    return {
      module: RuntimeModule,
      global: true,
      providers: [{ provide: RUNTIME, useValue: runtime }],
      exports: [RUNTIME],
    };
  }
}
