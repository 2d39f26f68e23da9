import type { ProjectionEngine } from '../engine.js';
import { missingIndexes } from '../generations/make-slot.js';
import type { OpenGeneration } from '../runner/open-generation.js';
import { LogTally } from './log-tally.js';
import type { OnProgress } from '../progress.js';

/** A generation is not what the log says it should be. It is not used. */
export class NotCertified extends Error {
  constructor(projection: string, what: string) {
    super(`The new generation of ${projection} is not complete: ${what}`);
    this.name = 'NotCertified';
  }
}

/** What was proved of a generation. */
export interface Certificate {
  /** Everything up to this position of the log is in it. */
  position: number;
  /** Relevant events, each taken into account once. */
  events: number;
  documents: number;
}

/**
 * Proves that a generation holds what the log says: every relevant event up to its checkpoint taken into account
 * exactly once (their number and the sum of their hashes, against the log read once more in its own order,
 * gapless to the head), as many documents as those events make, and every index.
 * @param log as far as it has been read by now
 * @throws NotCertified, LogDamaged
 */
export async function certify(
  engine: ProjectionEngine,
  generation: OpenGeneration,
  onProgress: OnProgress,
  log: LogTally = new LogTally(engine.log, generation.projection),
): Promise<Certificate> {
  const { projection, slot, checkpoint: position, tally } = generation;
  const inLog = await log.upTo(position, onProgress);
  if (!inLog.equals(tally)) {
    throw new NotCertified(
      projection.name,
      `the log has ${inLog.events} events for it up to position ${position}, and it has taken ` +
        `${tally.events} into account${inLog.events === tally.events ? ', not the same ones' : ''}`,
    );
  }
  const documents = await engine.slot(projection.name, slot).countDocuments({});
  if (documents !== generation.documents) {
    throw new NotCertified(
      projection.name,
      `its events make ${generation.documents} documents, and it holds ${documents}`,
    );
  }
  const missing = await missingIndexes(engine, projection, slot);
  if (missing === null || missing.length > 0) {
    throw new NotCertified(projection.name, `it lacks the indexes ${missing?.join(', ') ?? '(all)'}`);
  }
  return { position, events: tally.events, documents };
}
