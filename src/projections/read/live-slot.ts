import type { mongo } from 'mongoose';
import type { StoredDocument } from '../documents.js';
import type { ProjectionEngine } from '../engine.js';
import { liveGeneration, type Generation, type ProjectionStatus, type Slot } from '../generations/status.js';
import type { Projection } from '../projection.js';

/** How long a process may read a slot without looking whether it is still the live one: see `slotRestMs`. */
const KNOWN_FOR_MS = 500;

/** The projection has no live generation of this code's version yet. */
export class ProjectionNotBuilt extends Error {
  /** @param other the version that is live instead */
  constructor({ name, version }: Pick<Projection, 'name' | 'version'>, other?: number) {
    super(
      other === undefined
        ? `The projection ${name} has not been built yet`
        : `The projection ${name} is not built in version ${version}, which is this code’s: version ${other} is live`,
    );
    this.name = 'ProjectionNotBuilt';
  }
}

/** Newer code has built what is live: this code is on its way out, or was gone back to. */
export class MadeByNewerCode extends ProjectionNotBuilt {
  constructor(projection: Pick<Projection, 'name' | 'version'>, other: number) {
    super(projection, other);
    this.name = 'MadeByNewerCode';
  }
}

/** A generation and where it is. */
interface Live {
  slot: Slot;
  generation: Generation;
}

/**
 * The live generation, if it is of this code's version, or of an older one that the caller can do with.
 * @throws ProjectionNotBuilt, MadeByNewerCode
 */
export function requireLive(
  projection: Projection,
  status: Pick<ProjectionStatus, 'live' | 'slots'> | null,
  oldest = projection.version,
): Live {
  const live = liveGeneration(status);
  if (live === null) throw new ProjectionNotBuilt(projection);
  const { version } = live.generation;
  if (version > projection.version) throw new MadeByNewerCode(projection, version);
  if (version < oldest) throw new ProjectionNotBuilt(projection, version);
  return live;
}

/**
 * The live generation, if this code can read its documents: those of another version may have another shape, as they
 * do for a while where processes of two versions run.
 * @throws ProjectionNotBuilt, MadeByNewerCode
 */
export async function readableGeneration(
  { statuses }: ProjectionEngine,
  projection: Projection,
): Promise<Live> {
  const wanted = { projection: { live: 1, slots: 1 } };
  return requireLive(
    projection,
    await statuses.findOne({ _id: projection.name }, wanted),
    projection.readsFrom,
  );
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
    const { slot } = await readableGeneration(this.engine, this.engine.projection(projection));
    this.saw(projection, slot, at);
    return this.engine.slot(projection, slot);
  }

  /** Reads go to this slot from now on: it was seen to be the live one at `at`, on the clock of `performance.now()`. */
  saw(projection: string, slot: Slot, at: number): void {
    if ((this.known.get(projection)?.at ?? -Infinity) <= at) this.known.set(projection, { slot, at });
  }
}
