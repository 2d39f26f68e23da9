/** Median and range of what the rounds of one run measured. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values) };
}

/** The value below which the share `q` of the values lies; the mean of the middle two for an even median. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * q;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) throw new RangeError('Nothing was measured');
  return below + (above - below) * (place - Math.floor(place));
}

/** Items per second when `callers` bring them, each caller one after the other. */
export async function rate<Item>(
  callers: number,
  items: readonly Item[],
  store: (item: Item) => Promise<unknown>,
): Promise<number> {
  const left = items.values();
  const began = performance.now();
  const caller = async (): Promise<void> => {
    // One iterator for all callers: each takes what comes next.
    for (const item of left) await store(item);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (items.length * 1_000) / (performance.now() - began);
}
