import type { Reporter } from '../../config/reporter.js';

export interface StartOptions {
  readonly dataDir: string;
  /** `MONGOD_BINARY`, `MONGOD_PORT`, `MONGOD_MIN_FREE_MB`, `MONGOD_CACHE_GB`, `MONGOD_START_SECONDS`, PATH and cache folders. */
  readonly env: NodeJS.ProcessEnv;
  readonly reporter: Reporter;
  /** How long a started server may take to get ready; 20 s, or `MONGOD_START_SECONDS`. Downloads do not count. */
  readonly deadlineMs?: number;
}

/** A server that is ready, before anybody is registered as its user. */
export interface Server {
  readonly port: number;
  readonly version: string;
  readonly pid: number;
  readonly adopted: boolean;
}
