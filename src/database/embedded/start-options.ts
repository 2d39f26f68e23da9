import type { Configuration } from '../../config/configuration.js';
import type { Reporter } from '../../config/reporter.js';

/** What of the configuration is about the embedded server, read and checked. */
export type EmbeddedConfiguration = Pick<
  Configuration,
  | 'dataDir'
  | 'port'
  | 'mongodBinary'
  | 'mongodPort'
  | 'mongodCacheGb'
  | 'mongodMinFreeMb'
  | 'mongodStartSeconds'
>;

export interface StartOptions {
  readonly configuration: EmbeddedConfiguration;
  /** Where PATH, the proxies and the cache folders are looked up; a few of its variables reach MongoDB. */
  readonly env: NodeJS.ProcessEnv;
  readonly reporter: Reporter;
  /** Breaks the start off; its reason is thrown. */
  readonly stop?: AbortSignal | undefined;
}

/** A server that is ready, before anybody is registered as its user. */
export interface Server {
  readonly port: number;
  readonly version: string;
  readonly pid: number;
  readonly adopted: boolean;
}
