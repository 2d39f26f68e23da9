/** Where start-up and long work say what they are doing. Terminals, tests and `--json` each bring their own. */
export interface Reporter {
  /** One finished step, one line. */
  line(text: string): void;
  /**
   * Work under way: `done` of `total` (undefined where the total is unknown).
   * @param unit what is counted, such as `events`; without it big numbers are taken for bytes
   */
  progress(label: string, done: number, total: number | undefined, unit?: string): void;
}

/** Says nothing: for `--json`, tests and helpers whose caller reports. */
export const silentReporter: Reporter = { line: () => undefined, progress: () => undefined };
