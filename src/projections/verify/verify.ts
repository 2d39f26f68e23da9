import { Snapshot } from '../../database/snapshot.js';
import type { ProjectionEngine } from '../engine.js';
import { liveGeneration } from '../generations/status.js';
import { structuralProblems } from '../inspect/structural-problems.js';
import type { Projection } from '../projection.js';
import { areSame, noDifferences, type Differences } from '../differences.js';
import type { OnProgress } from '../progress.js';
import { CompareWithLog, SwitchedMeanwhile } from './compare-with-log.js';

/** How the live generation of a projection compares with a replay of the log. */
export interface Verification extends Differences {
  projection: string;
  ok: boolean;
  /** The version of this code's handlers, and that of the live generation: only the same can be compared. */
  version: number;
  liveVersion: number | null;
  /** The position that both were compared at; null where there is nothing to compare. */
  position: number | null;
  expected: number;
  found: number;
  /** What is wrong besides the documents: status, slot, indexes or view missing, another quarantine than a replay's. */
  problems: string[];
  /** Streams that the live generation does not follow. */
  quarantined: number;
}

export interface VerifyOptions {
  onProgress?: OnProgress;
  /** Ends the verification. */
  signal?: AbortSignal;
}

/**
 * Compares the live generation with what the log says, document by document and byte by byte, as of one moment,
 * while the service goes on. Only reads, and needs memory for one page whatever the size: sets of documents are
 * compared by bucket, and those of differing buckets one by one.
 * @throws NeedsNewerCode, LogDamaged, and the reason of `signal`
 */
export async function verifyProjection(
  engine: ProjectionEngine,
  projection: Projection,
  options: VerifyOptions = {},
): Promise<Verification> {
  for (;;) {
    const snapshot = new Snapshot(engine.client);
    try {
      return await verifyAt(snapshot, engine, projection, options);
    } catch (error) {
      // The one that is live now is what was asked for.
      if (!(error instanceof SwitchedMeanwhile)) throw error;
    } finally {
      await snapshot.end();
    }
  }
}

async function verifyAt(
  snapshot: Snapshot,
  engine: ProjectionEngine,
  projection: Projection,
  options: VerifyOptions,
): Promise<Verification> {
  const { name, version } = projection;
  const status = await snapshot.read((at) => engine.statuses.findOne({ _id: name }, at));
  const live = liveGeneration(status);
  if (live === null) {
    const why = status === null ? 'its status is missing' : 'it has no live generation';
    return { ...nothingCompared(projection, null), problems: [`${why}: nothing is served from it`] };
  }
  const { slot, generation } = live;
  const { version: liveVersion } = generation;
  if (liveVersion !== version) {
    const why = `the live generation is of version ${liveVersion}, this code is of version ${version}`;
    const problems = [why, ...(await structuralProblems(engine, projection, slot))];
    return { ...nothingCompared(projection, liveVersion), problems };
  }
  const comparing = new CompareWithLog(engine, projection, generation.generation, snapshot, options);
  const { position, expected, found, differences, parked } = await comparing.compare();
  const problems = [...(await structuralProblems(engine, projection, slot)), ...parked.problems()];
  const { quarantined } = parked;
  const ok = areSame(differences) && problems.length === 0 && quarantined === 0;
  const compared = { position, expected, found, ...differences };
  return { projection: name, ok, version, liveVersion, ...compared, problems, quarantined };
}

function nothingCompared(
  { name, version }: Projection,
  liveVersion: number | null,
): Omit<Verification, 'problems'> {
  return {
    projection: name,
    ok: false,
    version,
    liveVersion,
    position: null,
    expected: 0,
    found: 0,
    ...noDifferences(),
    quarantined: 0,
  };
}
