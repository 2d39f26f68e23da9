/** One thing that was looked at. */
export interface Check {
  state: 'ok' | 'warning' | 'problem';
  what: string;
  remedy?: string;
}
