import {
  otherSlot,
  type Generation,
  type ProjectionStatus,
  type RebuildState,
  type Slot,
} from '../generations/status.js';
import type { Projection } from '../projection.js';

/** What a rebuild starts from. */
export interface RebuildPlan {
  slot: Slot;
  /** As it stands in the slot already: an unfinished generation to go on with, or one kept. Null: a new one. */
  existing: Generation | null;
  target: number;
  phase: RebuildState['phase'];
  cursor: string | null;
  /** How many events were read for it before. */
  seen: number;
}

/** What is live was built by newer code: older code must not put its own generation in its place. */
export class NewerGenerationLive extends Error {
  constructor({ name, version }: Projection, { generation, version: live }: Generation) {
    super(
      `The live generation ${generation} of ${name} was built by version ${live} of the projection, and this ` +
        `program makes version ${version}: use the newer program`,
    );
    this.name = 'NewerGenerationLive';
  }
}

/**
 * Where a rebuild goes on or begins: an unfinished generation of this version, or the other slot from zero.
 * @param shown the slot that the view shows: where the status was lost, people still read it, and it is left alone
 * @throws NewerGenerationLive
 */
export function planRebuild(
  { live, slots, rebuild }: ProjectionStatus,
  projection: Projection,
  head: number,
  shown: Slot | null = null,
): RebuildPlan {
  const { version } = projection;
  const present = live === null ? undefined : slots[live];
  if (present !== undefined && present.version > version) throw new NewerGenerationLive(projection, present);
  const unfinished = rebuild === undefined ? undefined : slots[rebuild.slot];
  if (
    rebuild !== undefined &&
    rebuild.slot !== live &&
    unfinished?.state === 'building' &&
    unfinished.version === version &&
    Number(rebuild.target) <= head
  ) {
    const { slot, target, phase, cursor, seen } = rebuild;
    return { slot, existing: unfinished, target: Number(target), phase, cursor, seen: Number(seen) };
  }
  // Built to where the live one stands, the two can be compared event for event.
  const target = present?.version === version ? Math.min(head, Number(present.checkpoint)) : head;
  return { slot: otherSlot(live ?? shown), existing: null, target, phase: 'build', cursor: null, seen: 0 };
}
