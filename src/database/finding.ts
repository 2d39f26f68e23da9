/** Something that is not as it must be, and what a person can do about it. */
export interface Finding {
  /** Stable, for programs: `index-missing`. */
  readonly code: string;
  /** One clause without a full stop. */
  readonly problem: string;
  readonly remedy: string;
}

/** What an inspection found, by what follows from it. */
export interface Inspection {
  /** The service refuses to start. */
  readonly findings: readonly Finding[];
  /** It starts, and says so loudly. */
  readonly warnings: readonly Finding[];
  /** For whoever asks (`doctor`). */
  readonly hints: readonly Finding[];
}

/** An inspection that found this much of one kind. */
export function found(kind: keyof Inspection, ...list: readonly Finding[]): Inspection {
  return { findings: [], warnings: [], hints: [], [kind]: list };
}

/** All of it, in order. */
export function together(inspections: readonly Inspection[]): Inspection {
  return {
    findings: inspections.flatMap(({ findings }) => findings),
    warnings: inspections.flatMap(({ warnings }) => warnings),
    hints: inspections.flatMap(({ hints }) => hints),
  };
}

/** What makes again everything that holds no data of its own. */
export const RUN_INIT =
  'run "family-accounts database init" with MONGODB_ADMIN_URI (an embedded server is set up at every start)';

/** The way out of a log that contradicts itself. */
export const RESTORE_LOG =
  'restore the log from a backup, all its collections from one moment, before anything is written to it; "database init" and "claims rebuild" do not mend it';
