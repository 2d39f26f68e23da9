/** Lets this process believe in another time of day: `Date.now` is moved by what `byMs` says at each call. */
export function moveClock(byMs: () => number): { restore(): void } {
  const { now } = Date;
  Date.now = () => now() + byMs();
  return {
    restore: () => {
      Date.now = now;
    },
  };
}

export const MONTH_MS = 30 * 24 * 60 * 60 * 1_000;
