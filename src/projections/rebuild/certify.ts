import mongoose from 'mongoose';
import { LogDamaged } from '../../event-log/errors.js';
import { readHead } from '../../event-log/read/read-log.js';
import { RAW, RawEvent, rawDocuments } from '../../event-log/read/raw-event.js';
import type { ProjectionEngine } from '../engine.js';
import { isAbout } from '../fold-stream.js';
import { missingIndexes } from '../generations/make-slot.js';
import type { Projection } from '../projection.js';
import type { OpenGeneration } from '../runner/open-generation.js';
import { EventTally } from './accounted-events.js';
import type { OnProgress } from './progress.js';

const { Long } = mongoose.mongo;
const PAGE = 20_000;

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
 * @throws NotCertified, LogDamaged
 */
export async function certify(
  engine: ProjectionEngine,
  generation: OpenGeneration,
  onProgress: OnProgress,
): Promise<Certificate> {
  const { projection, slot, checkpoint: position, tally } = generation;
  const log = await tallyOfLog(engine, projection, position, onProgress);
  if (!log.equals(tally)) {
    throw new NotCertified(
      projection.name,
      `the log has ${log.events} events for it up to position ${position}, and it has taken ` +
        `${tally.events} into account${log.events === tally.events ? ', not the same ones' : ''}`,
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

/**
 * The events up to `upTo` that a projection is about, as the log has them.
 * @throws LogDamaged where a position is missing, or the last hash is not the head's
 */
export async function tallyOfLog(
  { log }: ProjectionEngine,
  projection: Projection,
  upTo: number,
  onProgress: OnProgress = () => undefined,
): Promise<EventTally> {
  const tally = EventTally.empty();
  const fetch = (after: number): Promise<Buffer[]> =>
    rawDocuments(
      log.events.find(
        { _id: { $gt: Long.fromNumber(after), $lte: Long.fromNumber(Math.min(upTo, after + PAGE)) } },
        { ...RAW, projection: { type: 1, hash: 1 }, sort: { _id: 1 }, batchSize: PAGE },
      ),
    );
  let position = 0;
  let last: Buffer | null = null;
  let next = fetch(0);
  while (position < upTo) {
    const page = await next;
    const until = Math.min(upTo, position + PAGE);
    if (until < upTo) {
      next = fetch(until);
      // Where this ends before it is awaited (damage, a caller that stops), its failure is nobody's.
      next.catch(() => undefined);
    }
    for (const bytes of page) {
      const event = new RawEvent(bytes);
      position += 1;
      if (event.position !== position) throw new LogDamaged(`position ${position} is missing`);
      last = event.hash;
      if (isAbout(projection, event.type)) tally.add(last);
    }
    if (position !== until) throw new LogDamaged(`position ${position + 1} is missing`);
    onProgress('Certifying', position, upTo);
  }
  const head = await readHead(log);
  if (head.position === upTo && last !== null && !head.hash.equals(last)) {
    throw new LogDamaged(`the head does not carry the hash of the event at position ${upTo}`);
  }
  return tally;
}
