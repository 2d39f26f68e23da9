import { hasCode, MONGO_CODE } from '../../database/mongo-codes.js';
import type { Differences } from '../differences.js';
import type { ProjectionEngine } from '../engine.js';
import type { ProjectionStatus } from '../generations/status.js';
import type { OnProgress } from '../progress.js';
import { DocumentsMoved } from '../runner/not-storable.js';
import type { OpenGeneration } from '../runner/open-generation.js';
import { catchUpToEnd } from './catch-up-to-end.js';
import { buildGeneration, finishBuild } from './build-generation.js';
import { certify, NotCertified, type Certificate } from './certify.js';
import { compareWithLive, NotComparable } from './compare.js';
import { discardGeneration } from './discard-generation.js';
import { LogTally } from './log-tally.js';
import type { RebuildLease } from './rebuild-lease.js';
import { paceBeside, type RebuildPace } from './rebuild-pace.js';

/** What is known of a generation once it is complete. */
export interface Completed {
  certificate: Certificate;
  /** How the live one differs; or why the two were not compared. */
  compared: Differences | string;
}

/**
 * Fills a generation, compares it with the live one, brings it to the end of the log and proves that it is complete.
 * One that cannot be is removed: nobody is to go on with it.
 * @throws NotCertified, RebuildLost, LogDamaged, NeedsNewerCode
 */
export async function completeGeneration(
  engine: ProjectionEngine,
  lease: RebuildLease,
  generation: OpenGeneration,
  onProgress: OnProgress,
): Promise<Completed> {
  const pace = paceBeside(lease.status);
  const log = new LogTally(engine.log, lease.projection, pace.perPage);
  const ended = new AbortController();
  // What the log says is read beside the replay, while that waits for the database; nothing is taken from one to the
  // other. Told of is the replay.
  const beside = pace.overlaps
    ? log.readOn(lease.plan.target, () => ended.signal.throwIfAborted())
    : Promise.resolve();
  beside.catch(() => undefined);
  try {
    if (lease.plan.phase === 'build') {
      await buildGeneration(engine, lease, generation, onProgress, pace);
      await finishBuild(engine, lease, generation);
    }
    const compared = await compareIfPossible(engine, lease.status, generation, onProgress, pace);
    await catchUpToEnd(engine, generation, onProgress);
    await beside;
    return { certificate: await certify(engine, generation, onProgress, log), compared };
  } catch (error) {
    ended.abort();
    await beside.catch(() => undefined);
    // Documents that this rebuild has not written lie in its slot.
    const isDisturbed = error instanceof DocumentsMoved || hasCode(error, MONGO_CODE.duplicateKey);
    if (error instanceof NotCertified || isDisturbed) await discardGeneration(engine, generation);
    throw error;
  }
}

/** The differences, or why there are none to tell. */
async function compareIfPossible(
  engine: ProjectionEngine,
  { live, slots }: ProjectionStatus,
  generation: OpenGeneration,
  onProgress: OnProgress,
  { perPage }: RebuildPace,
): Promise<Differences | string> {
  if (live === null) return 'there was no live generation';
  const { version } = generation.projection;
  const built = slots[live]?.version;
  if (built !== version) return `the live generation is of version ${built ?? 0}, the new one of ${version}`;
  try {
    return await compareWithLive(engine, generation, onProgress, perPage);
  } catch (error) {
    if (error instanceof NotComparable) return error.message;
    throw error;
  }
}
