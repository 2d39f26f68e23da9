import mongoose, { type mongo } from 'mongoose';
import type { Snapshot } from '../../database/snapshot.js';
import type { ProjectionEngine } from '../engine.js';
import { liveGeneration, type Slot } from '../generations/status.js';
import type { Projection } from '../projection.js';
import { compareDocument, noDifferences, type Differences } from '../differences.js';
import type { OnProgress, Phase } from '../progress.js';
import { bucketOf, DocumentBuckets } from './document-buckets.js';
import { ParkedStreams } from './parked-streams.js';
import { replay, type Replayed, type ReplayedDocument } from './replay.js';

/** Documents of a slot that are held to be looked at one by one. */
const PER_PASS = 50_000;
const PAGE = 1_000;
/** More parked streams than this are counted, and not compared one by one: it is known already that something is wrong. */
const MOST_PARKED = 100_000;

/** Another generation became live before the one before it was compared. */
export class SwitchedMeanwhile extends Error {
  constructor(projection: string) {
    super(`Another generation of ${projection} became live while the one before it was being verified`);
    this.name = 'SwitchedMeanwhile';
  }
}

/** The live generation as it was at one moment. */
interface Moment {
  slot: Slot;
  position: number;
  at: mongo.FindOptions;
}

/** How a live generation compares with the log. */
export interface Comparison {
  position: number;
  expected: number;
  found: number;
  differences: Differences;
  parked: ParkedStreams;
}

/**
 * Compares the documents and the parked streams of a live generation with a replay of the log, in two steps: sums of buckets, then, of the
 * buckets that differ, document by document. Both sides of a step are at one position. It is the same in each step
 * unless MongoDB does not know that moment any more; what was compared was right at its own.
 */
export class CompareWithLog {
  constructor(
    private readonly engine: ProjectionEngine,
    private readonly projection: Projection,
    private readonly generation: number,
    private readonly snapshot: Snapshot,
    private readonly options: { onProgress?: OnProgress; signal?: AbortSignal },
  ) {}

  /** @throws SwitchedMeanwhile, NeedsNewerCode, LogDamaged, and the reason of the signal */
  async compare(): Promise<Comparison> {
    const expected = new DocumentBuckets();
    const { position, found, parked } = await this.atOneMoment(async (moment) => {
      const sums = new DocumentBuckets();
      for await (const { id, bytes } of this.stored(moment)) sums.add(id, bytes);
      return { position: moment.position, found: sums, parked: await this.parked(moment) };
    });
    await this.replay('Replaying the log', position, (part) => {
      for (const { id, bytes } of part.documents) expected.add(id, bytes);
      parked.met(part.parked);
    });
    const differences = noDifferences();
    for (const buckets of inPasses(expected.differingFrom(found), found.counts)) {
      await this.compareBuckets(buckets, differences);
    }
    return { position, expected: expected.documents, found: found.documents, differences, parked };
  }

  private async compareBuckets(buckets: ReadonlySet<number>, differences: Differences): Promise<void> {
    const isIn = ({ id }: ReplayedDocument): boolean => buckets.has(bucketOf(id));
    const { position, found } = await this.atOneMoment(async (moment) => {
      const held = new Map<string, Buffer>();
      for await (const document of this.stored(moment)) {
        // A copy: what the driver gives is a piece of a whole page, which it would keep.
        if (isIn(document)) held.set(document.id, Buffer.from(document.bytes));
      }
      return { position: moment.position, found: held };
    });
    await this.replay('Comparing', position, ({ documents }) => {
      for (const { id, bytes } of documents.filter(isIn)) {
        compareDocument(differences, bytes, found.get(id));
        found.delete(id);
      }
    });
    for (const bytes of found.values()) compareDocument(differences, undefined, bytes);
  }

  private atOneMoment<T>(read: (moment: Moment) => Promise<T>): Promise<T> {
    const { name } = this.projection;
    return this.snapshot.read(async (at) => {
      const live = liveGeneration(await this.engine.statuses.findOne({ _id: name }, at));
      if (live?.generation.generation !== this.generation) throw new SwitchedMeanwhile(name);
      return read({ slot: live.slot, position: Number(live.generation.checkpoint), at });
    });
  }

  private async *stored({ slot, at }: Moment): AsyncGenerator<ReplayedDocument> {
    const documents = this.engine
      .slot(this.projection.name, slot)
      .find({}, { ...at, raw: true, batchSize: PAGE });
    for await (const document of documents) {
      this.options.signal?.throwIfAborted();
      // With `raw`, what the driver gives is the document's own bytes.
      const bytes = document as unknown as Buffer;
      // Whatever type an id has that does not belong there, it is told apart from every other.
      const { _id } = mongoose.mongo.BSON.deserialize(bytes) as { _id: unknown };
      yield { id: typeof _id === 'string' ? _id : mongoose.mongo.BSON.EJSON.stringify({ _id }), bytes };
    }
  }

  private async parked({ at }: Moment): Promise<ParkedStreams> {
    const { quarantine } = this.engine;
    const parked = { projection: this.projection.name, generation: this.generation };
    const quarantined = await quarantine.countDocuments(parked, at);
    if (quarantined > MOST_PARKED) return new ParkedStreams(quarantined, null);
    const entries = await quarantine.find(parked, { ...at, projection: { stream: 1 } }).toArray();
    return new ParkedStreams(quarantined, new Set(entries.map(({ stream }) => stream)));
  }

  private async replay(phase: Phase, position: number, take: (part: Replayed) => void): Promise<void> {
    let done = 0;
    for await (const part of replay(this.engine, this.projection, position)) {
      take(part);
      done += part.events;
      this.options.onProgress?.(phase, Math.min(done, position), position);
      this.options.signal?.throwIfAborted();
    }
  }
}

/** Buckets in groups of which a slot holds so few documents that they fit in memory; all that it lacks costs nothing. */
function inPasses(buckets: readonly number[], held: Uint32Array): Set<number>[] {
  const passes: Set<number>[] = [];
  let documents = Infinity;
  for (const bucket of buckets) {
    documents += held[bucket] ?? 0;
    if (documents > PER_PASS) {
      passes.push(new Set());
      documents = held[bucket] ?? 0;
    }
    passes.at(-1)?.add(bucket);
  }
  return passes;
}
