import { killRebuilds } from '../support/rebuild-kills.js';

describe('a rebuild of a larger log that is killed at random moments, again and again', () => {
  it(
    'leaves what is live whole, and the next one makes what the log says',
    async () => {
      const { killed, resumed } = await killRebuilds(120, 6_000);
      expect(killed).toBe(120);
      expect(resumed).toBeGreaterThan(0);
    },
    30 * 60_000,
  );
});
