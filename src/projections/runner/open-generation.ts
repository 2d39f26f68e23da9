import mongoose, { type mongo } from 'mongoose';
import type { ProjectionEngine } from '../engine.js';
import type { Generation, ProjectionStatus, Slot } from '../generations/status.js';
import type { Projection } from '../projection.js';
import { hasParked } from '../quarantine/quarantine.js';
import { EventTally } from '../generations/event-tally.js';

/**
 * A generation that this process may write to, as far as it knows it. `fence` is what has to hold of the
 * status for a write to go through: the right to write, and the checkpoint this process knows.
 */
export interface OpenGeneration {
  readonly projection: Projection;
  readonly slot: Slot;
  readonly generation: number;
  readonly tally: EventTally;
  /** Whether there are streams that it does not follow; which, is in the quarantine. */
  hasParked: boolean;
  checkpoint: number;
  documents: number;
  fence(): mongo.Filter<ProjectionStatus>;
}

/** Opens a generation for writing under `right`, a condition on the status that says whose turn it is. */
export async function openGeneration(
  engine: ProjectionEngine,
  projection: Projection,
  { slot, generation }: { slot: Slot; generation: Generation },
  right: mongo.Filter<ProjectionStatus>,
): Promise<OpenGeneration> {
  const open: OpenGeneration = {
    projection,
    slot,
    generation: generation.generation,
    tally: EventTally.of(generation.accounted),
    hasParked: await hasParked(engine.quarantine, projection.name, generation.generation),
    checkpoint: Number(generation.checkpoint),
    documents: Number(generation.documents),
    fence: () => ({
      ...right,
      [`slots.${slot}.generation`]: generation.generation,
      [`slots.${slot}.checkpoint`]: mongoose.mongo.Long.fromNumber(open.checkpoint),
    }),
  };
  return open;
}
