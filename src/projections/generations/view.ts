import { setTimeout as sleep } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import type { ProjectionEngine } from '../engine.js';
import { hasCode, MONGO_CODE } from '../../database/mongo-codes.js';
import { liveGeneration, slotCollection, SLOTS, type Slot } from './status.js';

const MAX_TIME_MS = 1_000;
const TRIES = 3;

/** How a projection's view is found. */
export type ViewState =
  | { kind: 'missing' }
  | { kind: 'view'; on: string }
  /** Not a view: a `save()` in the moment after the view was dropped makes one. */
  | { kind: 'collection' };

/** What stands where the projection's view belongs. */
export async function findView({ db }: ProjectionEngine, projection: string): Promise<ViewState> {
  const [found] = await db.listCollections({ name: projection }).toArray();
  if (found === undefined) return { kind: 'missing' };
  if (found.type !== 'view') return { kind: 'collection' };
  const { options = {} } = found as { options?: mongo.Document };
  // With a pipeline it may hide or change documents: it shows something else than the slot.
  const isPlain = !Array.isArray(options['pipeline']) || options['pipeline'].length === 0;
  return { kind: 'view', on: `${String(options['viewOn'])}${isPlain ? '' : ' through a pipeline'}` };
}

/** The slot that the view shows; null where it shows none of the two. */
export async function slotOfView(engine: ProjectionEngine, projection: string): Promise<Slot | null> {
  const view = await findView(engine, projection);
  return SLOTS.find((slot) => view.kind === 'view' && view.on === slotCollection(projection, slot)) ?? null;
}

/**
 * Makes the view of a projection show the slot that is live: the status is the truth, also where a process died
 * after it had switched and before the view had followed. A plain collection in its place is set aside under
 * another name, never deleted: the name is returned, so that somebody can be told.
 */
export async function letViewFollow(
  engine: ProjectionEngine,
  projection: string,
): Promise<{ setAside: string | null }> {
  let setAside: string | null = null;
  for (let shown: Slot | null = null; ;) {
    const live = liveGeneration(await engine.statuses.findOne({ _id: projection }));
    // Looked at again afterwards: it may have been switched meanwhile, and the other process's view undone.
    if (live === null || live.slot === shown) return { setAside };
    shown = live.slot;
    setAside = (await pointViewAt(engine, projection, shown)).setAside ?? setAside;
  }
}

async function pointViewAt(
  engine: ProjectionEngine,
  projection: string,
  slot: Slot,
): Promise<{ setAside: string | null }> {
  const viewOn = slotCollection(projection, slot);
  let setAside: string | null = null;
  for (let tries = 1; ; tries += 1) {
    try {
      const found = await findView(engine, projection);
      if (found.kind === 'view') {
        if (found.on !== viewOn) {
          await engine.db.command({ collMod: projection, viewOn, pipeline: [], maxTimeMS: MAX_TIME_MS });
        }
        return { setAside };
      }
      if (found.kind === 'collection') {
        const aside = `${projection}.set-aside-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
        await engine.db.renameCollection(projection, aside);
        setAside = aside;
      }
      await engine.db.createCollection(projection, { viewOn, pipeline: [] });
      return { setAside };
    } catch (error) {
      if (!mayPass(error) || tries === TRIES) throw error;
      await sleep(50 * tries);
    }
  }
}

/** Somebody made or changed it at the same moment, or a long read of it stands in the way. */
function mayPass(error: unknown): boolean {
  const { namespaceExists, namespaceNotFound, maxTimeMsExpired, writeConflict } = MONGO_CODE;
  return hasCode(error, namespaceExists, namespaceNotFound, maxTimeMsExpired, writeConflict);
}
