import type { ProjectionEngine } from '../engine.js';
import type { Projection } from '../projection.js';
import { requireLive } from '../read/live-slot.js';
import { PageTooLarge } from '../runner/load-documents.js';
import { NotStorable } from '../runner/not-storable.js';
import { changeError, parkedStreams, type QuarantinedStream } from './quarantine.js';
import { retryTogether, type RetryFailure } from './retry-together.js';

/**
 * How many streams are tried in one transaction. Each transaction holds up whoever follows the log for the
 * projection: with one for each stream nobody would get anywhere.
 */
const STREAMS_TOGETHER = 200;
/** How many of those that stay parked are named. */
const NAMED_FAILURES = 100;

/** What a retry came to. */
export interface RetryReport {
  /** Streams that are followed again. */
  taken: number;
  stillParked: number;
  /** The first hundred of those, each with its error. */
  failures: RetryFailure[];
}

/** Documents that gather from many streams cannot be mended one stream at a time. */
export class RetryNeedsRebuild extends Error {
  constructor(readonly projection: string) {
    super(
      `Documents of ${projection} gather from many streams: its quarantine is emptied by a rebuild of all of it`,
    );
    this.name = 'RetryNeedsRebuild';
  }
}

/**
 * Tries again the streams that the live generation of a projection has parked, or one of them, after a fix:
 * each is folded again from its beginning to where the generation stands, and followed again from there. One that
 * fails again stays parked, with its new error: from where it fails now, unless that is before the event that it was
 * parked for. Then its documents stay as they are.
 * @throws RetryNeedsRebuild, GenerationSwitched; ProjectionNotBuilt also where another version of the projection has
 * built what is live: documents of two versions do not belong into one slot
 */
export async function retryQuarantine(
  engine: ProjectionEngine,
  projection: Projection,
  stream?: string,
): Promise<RetryReport> {
  const live = requireLive(projection, await engine.statuses.findOne({ _id: projection.name }));
  const { generation } = live.generation;
  const report: RetryReport = { taken: 0, stillParked: 0, failures: [] };
  for (let after = ''; ;) {
    const entries = await parkedStreams(engine.quarantine, projection.name, generation, {
      after,
      limit: STREAMS_TOGETHER,
      ...(stream === undefined ? {} : { stream }),
    });
    const last = entries.at(-1);
    if (last === undefined) return report;
    if (projection.fedBy === 'many-streams') throw new RetryNeedsRebuild(projection.name);
    const failures = await retryInParts(engine, projection, entries);
    report.taken += entries.length - failures.length;
    report.stillParked += failures.length;
    report.failures.push(...failures.slice(0, NAMED_FAILURES - report.failures.length));
    after = last.stream;
  }
}

/** All at once, or in smaller and smaller parts where that is too much, or one of them cannot be stored. */
async function retryInParts(
  engine: ProjectionEngine,
  projection: Projection,
  entries: readonly QuarantinedStream[],
): Promise<RetryFailure[]> {
  try {
    return await retryTogether(engine, projection, entries);
  } catch (error) {
    const [entry, ...others] = entries;
    if (others.length > 0 && (error instanceof NotStorable || error instanceof PageTooLarge)) {
      const middle = Math.ceil(entries.length / 2);
      return [
        ...(await retryInParts(engine, projection, entries.slice(0, middle))),
        ...(await retryInParts(engine, projection, entries.slice(middle))),
      ];
    }
    if (entry === undefined || !(error instanceof NotStorable)) throw error;
    await changeError(engine.quarantine, entry, error.message);
    return [{ stream: entry.stream, error: error.message }];
  }
}
