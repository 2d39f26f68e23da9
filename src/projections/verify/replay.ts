import mongoose from 'mongoose';
import { readLog } from '../../event-log/read/read-log.js';
import { toStored, type FoldedDocument } from '../documents.js';
import type { ProjectionEngine } from '../engine.js';
import { Undecodable } from '../event-decoder.js';
import {
  foldEvent,
  foldStream,
  isAbout,
  NeedsNewerCode,
  parkedBy,
  refuseUnknownTypes,
  requireDecoded,
} from '../fold-stream.js';
import type { Projection } from '../projection.js';
import type { ParkedStream } from '../quarantine/quarantine.js';
import { readWholeStreams } from '../../event-log/read/read-whole-streams.js';

/** A document as the log says it should be, in the bytes that it would be stored as. */
export interface ReplayedDocument {
  id: string;
  bytes: Buffer;
}

/** What replaying a part of the log gave. */
export interface Replayed {
  documents: ReplayedDocument[];
  parked: ParkedStream[];
  /** Events of the log that were read, of any type. */
  events: number;
}

/**
 * Everything a projection should hold at a position, from the log alone, in parts; writes nothing.
 * @throws NeedsNewerCode, LogDamaged
 */
export function replay(
  engine: ProjectionEngine,
  projection: Projection,
  upTo: number,
): AsyncGenerator<Replayed> {
  return projection.fedBy === 'one-stream'
    ? replayStreams(engine, projection, upTo)
    : replayInOrder(engine, projection, upTo);
}

async function* replayStreams(
  { log, decoder }: ProjectionEngine,
  projection: Projection,
  upTo: number,
): AsyncGenerator<Replayed> {
  for await (const streams of readWholeStreams(log, { after: null, upTo })) {
    for (const stream of streams) refuseUnknownTypes(projection, decoder, stream);
    const relevant = streams.map((stream) => stream.filter(({ type }) => isAbout(projection, type)));
    const decoded = await decoder.decode(relevant.flat());
    const replayed: Replayed = { documents: [], parked: [], events: streams.flat().length };
    let from = 0;
    for (const { length } of relevant) {
      const { documents, parked } = foldStream(projection, decoded.slice(from, from + length));
      from += length;
      replayed.documents.push(...serialized(documents));
      if (parked !== null) replayed.parked.push(parked);
    }
    yield replayed;
  }
}

/** For few documents that gather from many streams: all of them are in memory until the end. */
async function* replayInOrder(
  { log, decoder }: ProjectionEngine,
  projection: Projection,
  upTo: number,
): AsyncGenerator<Replayed> {
  const documents = new Map<string, FoldedDocument | null>();
  const parked = new Map<string, ParkedStream>();
  for await (const page of readLog(log, { upTo })) {
    refuseUnknownTypes(projection, decoder, page);
    const relevant = page.filter(({ type }) => isAbout(projection, type));
    for (const event of await decoder.decode(relevant)) {
      const { stream } = event instanceof Undecodable ? event.recorded : event;
      // Also where it was parked a moment ago, on this very page.
      if (parked.has(stream)) continue;
      try {
        foldEvent(projection, documents, requireDecoded(event));
      } catch (error) {
        if (error instanceof NeedsNewerCode) throw error;
        const one = parkedBy(event, error);
        parked.set(one.stream, one);
      }
    }
    yield { documents: [], parked: [], events: page.length };
  }
  yield { documents: serialized(documents), parked: [...parked.values()], events: 0 };
}

function serialized(documents: ReadonlyMap<string, FoldedDocument | null>): ReplayedDocument[] {
  return [...documents].flatMap(([id, document]) =>
    document === null
      ? []
      : [
          {
            id,
            bytes: Buffer.from(
              mongoose.mongo.BSON.serialize(toStored(id, document), { ignoreUndefined: true }),
            ),
          },
        ],
  );
}
