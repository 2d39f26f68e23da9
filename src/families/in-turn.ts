/**
 * Lets work on one thing run one piece after the other, in the order it came; work on different things runs
 * side by side. Between processes nothing waits: there the log decides.
 */
export class InTurn {
  private readonly last = new Map<string, Promise<unknown>>();

  /**
   * @param deadlineMs how long a piece waits for its turn at most; then it is not run.
   * @param late what its caller is told.
   */
  constructor(
    private readonly deadlineMs: number,
    private readonly late: (waitedMs: number) => Error,
  ) {}

  /** Runs `work` once everything before it on `key` has ended, however it ended. @throws what `late` gives */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.last.get(key);
    if (before === undefined) return this.queue(key, work());
    let timer: NodeJS.Timeout | undefined;
    let isLate = false;
    const turn = before.then(() => {
      clearTimeout(timer);
      if (isLate) throw this.late(this.deadlineMs);
      return work();
    });
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        isLate = true;
        reject(this.late(this.deadlineMs));
      }, this.deadlineMs);
    });
    return Promise.race([this.queue(key, turn), tooLate]);
  }

  private queue<T>(key: string, mine: Promise<T>): Promise<T> {
    const ended = mine
      .catch(() => undefined)
      .then(() => {
        if (this.last.get(key) === ended) this.last.delete(key);
      });
    this.last.set(key, ended);
    return mine;
  }
}
