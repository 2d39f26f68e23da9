import { killRebuilds } from '../support/rebuild-kills.js';

describe('a rebuild that is killed at 20 random moments, while families are written', () => {
  it('leaves what is live whole, and the next one makes what the log says', async () => {
    const { killed, resumed } = await killRebuilds(20, 250);
    expect(killed).toBe(20);
    expect(resumed).toBeGreaterThan(0);
  }, 300_000);
});
