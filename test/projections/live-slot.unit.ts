import { setTimeout as sleep } from 'node:timers/promises';
import type { ProjectionEngine } from '../../src/projections/engine.js';
import { LiveSlots } from '../../src/projections/read/live-slot.js';
import { MONTH_MS, moveClock } from '../support/move-clock.js';

/** Longer than a slot is believed to be live. */
const AFTER_MS = 600;

describe('the slot that reads go to', () => {
  it.each([
    ['as the clock says', 0],
    ['whose clock is set back a month', -MONTH_MS],
  ])('is the one that was switched to half a second later, for a process %s', async (_, byMs) => {
    let live = 'a';
    const slots = { a: { generation: 1, version: 1 }, b: { generation: 2, version: 1 } };
    const slotsNow = new LiveSlots({
      projection: () => ({ name: 'families', version: 1 }),
      statuses: { findOne: () => Promise.resolve({ live, slots }) },
      slot: (projection: string, slot: string) => `${projection}@${slot}`,
    } as unknown as ProjectionEngine);
    expect(await slotsNow.documents('families')).toBe('families@a');
    const clock = moveClock(() => byMs);
    try {
      live = 'b';
      await sleep(AFTER_MS);
      expect(await slotsNow.documents('families')).toBe('families@b');
    } finally {
      clock.restore();
    }
  });
});
