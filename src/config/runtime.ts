import type { Logger } from 'pino';
import type { Configuration } from './configuration.js';
import type { Secrets } from './secrets.js';

/** Injection token of what a process was started with. */
export const RUNTIME = Symbol('RUNTIME');

/** What a process was started with: read once, never again looked up in the environment. */
export interface Runtime {
  configuration: Configuration;
  secrets: Secrets;
  /** Connection string of the `service` user. */
  serviceUri: string;
  /** `<name>` of the installation: `<name>` and `<name>_log` are its databases. */
  databaseName: string;
  logger: Logger;
}
