import type { mongo } from 'mongoose';
import type { StoredDocument } from '../documents.js';
import type { ProjectionEngine } from '../engine.js';
import { liveGeneration, type Slot } from '../generations/status.js';

/** How long a process may read a slot without looking whether it is still the live one: see `slotRestMs`. */
const KNOWN_FOR_MS = 500;

/** The projection has no live generation yet: it is being built for the first time. */
export class ProjectionNotBuilt extends Error {
  constructor(readonly projection: string) {
    super(`The projection ${projection} has not been built yet`);
    this.name = 'ProjectionNotBuilt';
  }
}

/**
 * The documents of live generations, for the service's own reads. They come from the slot and never from the
 * view: a view that somebody dropped answers "no documents", and no error.
 */
export class LiveSlots {
  private readonly known = new Map<string, { slot: Slot; at: number }>();

  constructor(private readonly engine: ProjectionEngine) {}

  /** The collection to read from now. @throws ProjectionNotBuilt */
  async documents(projection: string): Promise<mongo.Collection<StoredDocument>> {
    const known = this.known.get(projection);
    if (known !== undefined && performance.now() - known.at < KNOWN_FOR_MS) {
      return this.engine.slot(projection, known.slot);
    }
    const at = performance.now();
    const live = liveGeneration(await this.engine.statuses.findOne({ _id: projection }));
    if (live === null) throw new ProjectionNotBuilt(projection);
    this.saw(projection, live.slot, at);
    return this.engine.slot(projection, live.slot);
  }

  /** Reads go to this slot from now on: it was seen to be the live one at `at`, on the clock of `performance.now()`. */
  saw(projection: string, slot: Slot, at: number): void {
    if ((this.known.get(projection)?.at ?? -Infinity) <= at) this.known.set(projection, { slot, at });
  }
}
