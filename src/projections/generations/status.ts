import type { mongo } from 'mongoose';
import { hasCode, MONGO_CODE } from '../../database/mongo-codes.js';
import type { AccountedEvents } from './event-tally.js';

/** A read model lives in one of two slots; the other is empty, kept for going back, or being built. */
export const SLOTS = ['a', 'b'] as const;
export type Slot = (typeof SLOTS)[number];

/** The collection of a slot. */
export function slotCollection(projection: string, slot: Slot): string {
  return `${projection}@${slot}`;
}

export function otherSlot(slot: Slot | null): Slot {
  return slot === 'a' ? 'b' : 'a';
}

/** One built copy of a read model, as far as it has come. */
export interface Generation {
  /** 1, 2, 3 … per projection: the generation's name for people, and part of every fence. */
  generation: number;
  /** Version of the projection whose handlers have made it. */
  version: number;
  state: 'building' | 'live' | 'kept';
  /** Every relevant event up to here is in it, or parked in its quarantine. */
  checkpoint: mongo.Long;
  /** Documents that it holds according to the log. */
  documents: mongo.Long;
  /** The relevant events that it has taken into account, counted and summed: see event-tally.ts. */
  accounted: AccountedEvents;
  /** When it last became live or ceased to be. */
  since: Date;
}

/** Who may write, until when; the epoch fences everyone before. */
export interface Lease {
  owner: string;
  epoch: number;
  until: Date;
}

/** A rebuild under way or left unfinished. */
export interface RebuildState {
  owner: string;
  until: Date;
  slot: Slot;
  /** The log is replayed to this position in bulk; what came later is caught up with. */
  target: mongo.Long;
  phase: 'build' | 'catch-up';
  /** The last stream that is in the slot whole; null before the first. */
  cursor: string | null;
  /** How many events of the log have been read for it, relevant or not. */
  seen: mongo.Long;
  startedAt: Date;
}

/** The truth about one projection; its view follows. */
export interface ProjectionStatus {
  _id: string;
  live: Slot | null;
  slots: Partial<Record<Slot, Generation>>;
  lease: Lease;
  rebuild?: RebuildState;
  /** Why the live generation does not go on: an event that only newer code can read. */
  stopped?: { position: mongo.Long; message: string; at: Date };
}

export type StatusCollection = mongo.Collection<ProjectionStatus>;

export const STATUS_COLLECTION = 'projection_status';

/** The status of a projection that nobody has built yet. */
function newStatus(projection: string): ProjectionStatus {
  return { _id: projection, live: null, slots: {}, lease: { owner: '', epoch: 0, until: new Date(0) } };
}

/** The number of the next generation. */
export function nextGeneration({ slots }: ProjectionStatus): number {
  return 1 + Math.max(0, ...SLOTS.map((slot) => slots[slot]?.generation ?? 0));
}

/** The live generation and where it is; null where none has been built. */
export function liveGeneration(
  status: Pick<ProjectionStatus, 'live' | 'slots'> | null,
): { slot: Slot; generation: Generation } | null {
  if (typeof status?.live !== 'string') return null;
  const generation = status.slots[status.live];
  return generation === undefined ? null : { slot: status.live, generation };
}

/** Inserts the status unless there is one, and returns what is there. */
export async function ensureStatus(
  statuses: StatusCollection,
  projection: string,
): Promise<ProjectionStatus> {
  const found = await statuses.findOne({ _id: projection });
  if (found !== null) return found;
  try {
    await statuses.insertOne(newStatus(projection));
  } catch (error) {
    // Another process was first.
    if (!hasCode(error, MONGO_CODE.duplicateKey)) throw error;
  }
  return (await statuses.findOne({ _id: projection })) ?? newStatus(projection);
}
