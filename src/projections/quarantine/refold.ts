import { readStream } from '../../event-log/read/read-stream.js';
import { storedSize, type FoldedDocument } from '../documents.js';
import type { ProjectionEngine } from '../engine.js';
import { Undecodable, type Decoded } from '../event-decoder.js';
import { countDocuments, foldStream, isAbout, NeedsNewerCode } from '../fold-stream.js';
import type { Projection } from '../projection.js';
import { MAX_BYTES, PageTooLarge } from '../runner/load-documents.js';
import type { ParkedStream, QuarantinedStream } from './quarantine.js';

/** What folding a parked stream again has come to. */
export interface Refolded {
  entry: QuarantinedStream;
  /** What to put into the slot. */
  documents: ReadonlyMap<string, FoldedDocument | null>;
  /** By how many documents there are more of it than it was counted with. */
  documentsDelta: number;
  /** How it is parked from now on; null where it is not any more. */
  parked: ParkedStream | null;
}

/**
 * Folds parked streams again, each from its beginning to `upTo`.
 * @throws PageTooLarge where several give more than is written at once
 */
export async function refold(
  { log, decoder }: ProjectionEngine,
  projection: Projection,
  entries: readonly QuarantinedStream[],
  upTo: number,
): Promise<Refolded[]> {
  const streams = await Promise.all(entries.map(({ stream }) => readStream(log, stream)));
  const relevant = streams.map((events) =>
    events.filter(({ position, type }) => position <= upTo && isAbout(projection, type)),
  );
  const decoded = await decoder.decode(relevant.flat());
  let from = 0;
  let bytes = 0;
  return entries.map((entry, index) => {
    const to = from + (relevant[index]?.length ?? 0);
    const refolded = refoldOne(projection, entry, decoded.slice(from, to));
    from = to;
    for (const [id, document] of refolded.documents) bytes += storedSize(id, document);
    if (bytes > MAX_BYTES && entries.length > 1) throw new PageTooLarge();
    return refolded;
  });
}

function refoldOne(projection: Projection, entry: QuarantinedStream, events: readonly Decoded[]): Refolded {
  const parkedAt = Number(entry.position);
  const asItWas = (error: string): Refolded => ({
    entry,
    documents: new Map(),
    documentsDelta: 0,
    parked: { stream: entry.stream, position: parkedAt, type: entry.type, error },
  });
  try {
    const after = foldStream(projection, events);
    // What was taken once can be taken no more: its documents tell more than this retry could.
    if (after.parked !== null && after.parked.position < parkedAt) return asItWas(after.parked.error);
    // What it was counted with so far: by the log, not by what lies in the slot, where somebody may have deleted.
    const before = foldStream(
      projection,
      events.filter((event) => positionOf(event) < parkedAt),
    );
    return { entry, ...after, documentsDelta: countDocuments(after) - countDocuments(before) };
  } catch (error) {
    if (error instanceof NeedsNewerCode) return asItWas(error.message);
    throw error;
  }
}

function positionOf(event: Decoded): number {
  return (event instanceof Undecodable ? event.recorded : event).position;
}
