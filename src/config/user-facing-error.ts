/**
 * A failure the person at the terminal can mend: wrong configuration, a taken port, no MongoDB.
 * It is printed without a stack trace: one sentence, what was tried, and the ways out.
 */
export class UserFacingError extends Error {
  readonly tried: readonly string[];
  readonly remedies: readonly string[];

  constructor(
    what: string,
    details: { tried?: readonly string[]; remedies?: readonly string[]; cause?: unknown } = {},
  ) {
    super(what, { cause: details.cause });
    this.name = 'UserFacingError';
    this.tried = details.tried ?? [];
    this.remedies = details.remedies ?? [];
  }

  /** The whole message as it is printed: the sentence, then one indented line per try and per remedy. */
  describe(): string {
    return [
      this.message,
      ...(this.tried.length > 0 ? ['Tried:', ...this.tried.map((line) => `  - ${line}`)] : []),
      ...(this.remedies.length > 0
        ? ['What you can do:', ...this.remedies.map((line) => `  - ${line}`)]
        : []),
    ].join('\n');
  }
}
