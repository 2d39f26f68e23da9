/**
 * Lets work on one thing run one piece after the other, in the order it came; work on different things runs
 * side by side. Between processes nothing waits: there the expected version decides.
 */
export class InTurn {
  private readonly last = new Map<string, Promise<unknown>>();

  /** Runs `work` once everything before it on `key` has ended, however it ended. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.last.get(key) ?? Promise.resolve();
    const mine = before.then(work);
    const ended = mine
      .catch(() => undefined)
      .then(() => {
        if (this.last.get(key) === ended) this.last.delete(key);
      });
    this.last.set(key, ended);
    return mine;
  }
}
