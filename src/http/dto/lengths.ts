/** Longest texts taken at the door, in UTF-16 code units; the domain's own limits are narrower. */
export const LONGEST = {
  email: 512,
  password: 1_024,
  name: 512,
  locale: 64,
  reason: 1_000,
} as const;
