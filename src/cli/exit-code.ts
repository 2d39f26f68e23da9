/** What a command's exit code says: scripts rely on it. */
export const EXIT = {
  ok: 0,
  /** Findings, or a failure. */
  findings: 1,
  /** The command was called wrongly. */
  usage: 2,
  /** Ctrl-C: 128 and the number of the signal, as shells have it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command was called wrongly; the message says how it is called. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
