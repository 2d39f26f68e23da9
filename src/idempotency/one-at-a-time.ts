/** The first request with this key has not been answered within the deadline. */
export class IdempotencyKeyInUse extends Error {
  constructor(waitedMs: number) {
    super(`A request with this Idempotency-Key is still under way after ${waitedMs} ms`);
    this.name = 'IdempotencyKeyInUse';
  }
}

/**
 * Lets one request per key run at a time in this process: the next waits for it and then finds its record.
 * Between processes nothing waits: both run, the transaction lets one win, and the other answers from its
 * record.
 */
export class OneAtATime {
  private readonly running = new Map<string, Promise<unknown>>();

  constructor(private readonly deadlineMs: number) {}

  /** @throws IdempotencyKeyInUse where the one before takes longer than the deadline. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const began = Date.now();
    for (let before = this.running.get(key); before !== undefined; before = this.running.get(key)) {
      await this.waitFor(before, began);
    }
    const mine = work();
    const settled = mine.catch(() => undefined);
    this.running.set(key, settled);
    try {
      return await mine;
    } finally {
      this.running.delete(key);
    }
  }

  private async waitFor(before: Promise<unknown>, began: number): Promise<void> {
    const left = Math.max(0, began + this.deadlineMs - Date.now());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new IdempotencyKeyInUse(this.deadlineMs)), left);
    });
    try {
      await Promise.race([before, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
