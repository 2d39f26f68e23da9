import type { Reporter } from '../../config/reporter.js';

export interface SearchContext {
  /** MONGOD_BINARY, when set. */
  readonly chosen: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly reporter: Reporter;
  /** Version an existing data folder was last used with; only its major.minor is acceptable. */
  readonly keep: string | undefined;
  /** Breaks a download off. */
  readonly stop?: AbortSignal | undefined;
}

/** What a source came up with: paths to try in turn, or a clause saying why there is none. */
export type Candidates = { readonly binaries: readonly string[] } | { readonly none: string };
