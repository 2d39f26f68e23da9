/** Before this much time nothing can be said about a rate, in milliseconds. */
const TOO_EARLY_MS = 500;
const MEGABYTE = 1_000_000;

/** How far work has come since it began to be watched. */
export interface Pace {
  /** In the unit of the work, since it began to be watched. */
  done: number;
  /** In the same unit; undefined where nobody knows. */
  left: number | undefined;
  elapsedMs: number;
  /** What is counted; undefined for bytes. */
  unit: string | undefined;
}

/** Rate per second and time left, such as `1,200 events/s, 17 s left`; empty while it is too early to tell. */
export function describePace({ done, left, elapsedMs, unit }: Pace): string {
  if (elapsedMs < TOO_EARLY_MS || done <= 0) return '';
  const perSecond = (1_000 * done) / elapsedMs;
  const rate = describeRate(perSecond, unit);
  return left === undefined || left <= 0 ? rate : `${rate}, ${describeSeconds(left / perSecond)} left`;
}

/** A time for people, in at most two units: `8 s`, `2 min 5 s`, `3 h 20 min`. */
export function describeSeconds(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function describeRate(perSecond: number, unit: string | undefined): string {
  if (unit === undefined && perSecond >= MEGABYTE / 10) return `${(perSecond / MEGABYTE).toFixed(1)} MB/s`;
  const rounded = perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en');
  return unit === undefined ? `${rounded}/s` : `${rounded} ${unit}/s`;
}
