import mongoose, { type mongo } from 'mongoose';
import type { ProjectionEngine } from '../engine.js';
import { liveGeneration, type Slot } from '../generations/status.js';
import { structuralProblems } from '../inspect/structural-problems.js';
import type { Projection } from '../projection.js';
import { compareDocument, noDifferences, type Differences } from '../differences.js';
import type { OnProgress } from '../progress.js';
import { bucketOf, DocumentBuckets } from './document-buckets.js';
import { replay, type ReplayedDocument } from './replay.js';

/** Documents that are looked at one by one at the same time. */
const PER_PASS = 50_000;
const PAGE = 5_000;

/** How the live generation of a projection compares with a replay of the log. */
export interface Verification extends Differences {
  projection: string;
  ok: boolean;
  /** The position that both were compared at; null where there is nothing to compare. */
  position: number | null;
  expected: number;
  found: number;
  /** What is wrong besides the documents: no status, no slot, indexes or view missing. */
  problems: string[];
  /** Streams that the live generation does not follow. */
  quarantined: number;
}

/**
 * Compares the live generation with what the log says, document by document and byte by byte, as of one moment,
 * while the service goes on. Only reads, and needs memory for one page whatever the size: sets of documents are
 * compared by bucket, and those of differing buckets one by one.
 * @throws NeedsNewerCode, LogDamaged
 */
export async function verifyProjection(
  engine: ProjectionEngine,
  projection: Projection,
  onProgress: OnProgress = () => undefined,
): Promise<Verification> {
  const session = engine.client.startSession({ snapshot: true });
  const { name } = projection;
  try {
    const snapshot = { session, readConcern: new mongoose.mongo.ReadConcern('snapshot') };
    const status = await engine.statuses.findOne({ _id: name }, snapshot);
    const live = liveGeneration(status);
    if (live === null) {
      const why = status === null ? 'its status is missing' : 'it has no live generation';
      return { ...nothingCompared(name), problems: [`${why}: nothing is served from it`] };
    }
    const { slot, generation } = live;
    if (generation.version !== projection.version) {
      const why = `the live generation is of version ${generation.version}, this code is of version ${projection.version}`;
      const problems = [why, ...(await structuralProblems(engine, projection, slot))];
      return { ...nothingCompared(name), problems };
    }
    const position = Number(generation.checkpoint);
    const moment = new Moment(engine, projection, slot, position, snapshot);
    const differences = await moment.compare(onProgress);
    const quarantined = await engine.quarantine.countDocuments({
      projection: name,
      generation: generation.generation,
    });
    const problems = await structuralProblems(engine, projection, slot);
    const { missing, extra, different } = differences;
    const ok = missing + extra + different === 0 && problems.length === 0 && quarantined === 0;
    return {
      projection: name,
      ok,
      position,
      expected: moment.expected.documents,
      found: moment.found.documents,
      ...differences,
      problems,
      quarantined,
    };
  } finally {
    await session.endSession();
  }
}

function nothingCompared(projection: string): Omit<Verification, 'problems'> {
  return {
    projection,
    ok: false,
    position: null,
    expected: 0,
    found: 0,
    ...noDifferences(),
    quarantined: 0,
  };
}

/** A live generation as it was at one moment, and the log up to the position it had reached. */
class Moment {
  readonly expected = new DocumentBuckets();
  readonly found = new DocumentBuckets();

  constructor(
    private readonly engine: ProjectionEngine,
    private readonly projection: Projection,
    private readonly slot: Slot,
    private readonly position: number,
    private readonly snapshot: mongo.FindOptions,
  ) {}

  async compare(onProgress: OnProgress): Promise<Differences> {
    for await (const { id, bytes } of this.stored()) this.found.add(id, bytes);
    await this.replayed(onProgress, 1, ({ id, bytes }) => this.expected.add(id, bytes));
    const differences = noDifferences();
    const passes = this.inPasses(this.expected.differingFrom(this.found));
    for (const buckets of passes) await this.compareBuckets(buckets, differences, onProgress);
    return differences;
  }

  private async compareBuckets(
    buckets: ReadonlySet<number>,
    differences: Differences,
    onProgress: OnProgress,
  ): Promise<void> {
    const found = new Map<string, Buffer>();
    for await (const { id, bytes } of this.stored()) {
      if (buckets.has(bucketOf(id))) found.set(id, bytes);
    }
    await this.replayed(onProgress, 2, ({ id, bytes }) => {
      if (!buckets.has(bucketOf(id))) return;
      compareDocument(differences, bytes, found.get(id));
      found.delete(id);
    });
    for (const bytes of found.values()) compareDocument(differences, undefined, bytes);
  }

  /** Differing buckets in groups whose documents fit in memory. */
  private inPasses(buckets: readonly number[]): Set<number>[] {
    const passes: Set<number>[] = [];
    let documents = Infinity;
    for (const bucket of buckets) {
      documents += Math.max(this.expected.counts[bucket] ?? 0, this.found.counts[bucket] ?? 0);
      if (documents > PER_PASS) {
        passes.push(new Set());
        documents = 0;
      }
      passes.at(-1)?.add(bucket);
    }
    return passes;
  }

  private async *stored(): AsyncGenerator<ReplayedDocument> {
    const documents = this.engine
      .slot(this.projection.name, this.slot)
      .find({}, { ...this.snapshot, raw: true, batchSize: PAGE });
    for await (const document of documents) {
      // With `raw`, what the driver gives is the document's own bytes.
      const bytes = document as unknown as Buffer;
      // Whatever type an id has that does not belong there, it is told apart from every other.
      const { _id } = mongoose.mongo.BSON.deserialize(bytes) as { _id: unknown };
      yield { id: typeof _id === 'string' ? _id : mongoose.mongo.BSON.EJSON.stringify({ _id }), bytes };
    }
  }

  private async replayed(
    onProgress: OnProgress,
    pass: number,
    take: (document: ReplayedDocument) => void,
  ): Promise<void> {
    let done = 0;
    for await (const { documents, events } of replay(this.engine, this.projection, this.position)) {
      documents.forEach(take);
      done += events;
      onProgress(
        pass === 1 ? 'Replaying the log' : 'Comparing',
        Math.min(done, this.position),
        this.position,
      );
    }
  }
}
