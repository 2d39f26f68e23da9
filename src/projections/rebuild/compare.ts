import { setTimeout as sleep } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { readAtOneMoment } from '../../database/snapshot.js';
import type { ProjectionEngine } from '../engine.js';
import type { StoredDocument } from '../documents.js';
import { findRaw, type RawBatch } from '../../event-log/read/raw-batch.js';
import { liveGeneration } from '../generations/status.js';
import { catchUp } from '../runner/catch-up.js';
import type { OpenGeneration } from '../runner/open-generation.js';
import { compareDocument, noDifferences, type Differences } from '../differences.js';
import type { OnProgress } from '../progress.js';

/** What somebody else has written may be of any size. */
const MISNAMED_PAGE = 1_000;
/** A live generation that is behind the new one is waited for this long, in milliseconds. */
const WAIT_FOR_LIVE_MS = 5_000;

/** The live generation cannot be compared with: there is none, or it does not get to where the new one is. */
export class NotComparable extends Error {
  constructor(projection: string, why: string) {
    super(`The new generation of ${projection} cannot be compared with the live one: ${why}`);
    this.name = 'NotComparable';
  }
}

/** Documents that follow on an id. */
interface Page {
  after: string | null;
  limit: number;
}

interface RawDocument {
  id: Buffer;
  bytes: Buffer;
}

/**
 * How the live generation differs from a new one, document by document, both at the same position although the
 * service goes on writing: each page of the live one is read at one moment of the database (a snapshot), and the
 * new one is brought to just the position that the live one had at that moment.
 * @throws NotComparable, NeedsNewerCode
 */
export async function compareWithLive(
  engine: ProjectionEngine,
  generation: OpenGeneration,
  onProgress: OnProgress,
  documentsPerPage = 5_000,
): Promise<Differences> {
  const { projection, slot } = generation;
  const differences = noDifferences();
  let after: string | null = null;
  let compared = 0;
  for (;;) {
    const live = await readLivePage(engine, generation, { after, limit: documentsPerPage });
    await catchUp(engine, generation, live.position, () => {
      // A page or less is a moment's work, and most are less.
      if (generation.checkpoint < live.position)
        onProgress('Catching up', generation.checkpoint, live.position);
    });
    const expected = await readPage(engine.slot(projection.name, slot), { after, limit: documentsPerPage });
    const upTo = lowestEnd(expected, live.documents);
    if (upTo === null) {
      await countMisnamed(live.slot, differences);
      return differences;
    }
    if (isSame(expected, live.documents)) compared += expected.starts.length;
    else compared += compareAll(differences, upTo, expected, live.documents);
    onProgress('Comparing', compared, Math.max(compared, generation.documents));
    after = upTo.toString('utf8');
  }
}

/** A page of the live generation as it was at one moment, and the position it had reached then. */
interface LivePage {
  documents: RawBatch;
  slot: mongo.Collection<StoredDocument>;
  position: number;
}

async function readLivePage(
  engine: ProjectionEngine,
  generation: OpenGeneration,
  page: Page,
): Promise<LivePage> {
  const { name } = generation.projection;
  const until = performance.now() + WAIT_FOR_LIVE_MS;
  for (;;) {
    const { position, documents, slot } = await readAtOneMoment(engine.client, async (at) => {
      const live = liveGeneration(await engine.statuses.findOne({ _id: name }, at));
      if (live === null) throw new NotComparable(name, 'none is live');
      const reached = Number(live.generation.checkpoint);
      const documentsOf = engine.slot(name, live.slot);
      return {
        position: reached,
        slot: documentsOf,
        documents: reached < generation.checkpoint ? null : await readPage(documentsOf, page, at.session),
      };
    });
    if (documents !== null) return { documents, slot, position };
    if (performance.now() > until) {
      const why = `it stands at position ${position}, the new one at ${generation.checkpoint}`;
      throw new NotComparable(name, why);
    }
    await sleep(100);
  }
}

function readPage(
  documents: mongo.Collection<StoredDocument>,
  { after, limit }: Page,
  session?: mongo.ClientSession,
): Promise<RawBatch> {
  // Of strings alone: ids of other types are in no order with them.
  const filter = { _id: after === null ? { $gte: '' } : { $gt: after } };
  return findRaw(documents, { filter, sort: { _id: 1 }, limit }, session);
}

/** Counts documents whose id is no string: no event has made them. They lie on both sides of all strings. */
async function countMisnamed(
  documents: mongo.Collection<StoredDocument>,
  differences: Differences,
): Promise<void> {
  const byId = { raw: true, hint: { _id: 1 }, batchSize: MISNAMED_PAGE };
  for (const bounds of [{ max: { _id: '' } }, { min: { _id: {} } }]) {
    for await (const bytes of documents.find({}, { ...byId, ...bounds })) {
      // With `raw`, what the driver gives is each document's own bytes.
      compareDocument(differences, undefined, bytes as unknown as Buffer);
    }
  }
}

function documentsIn({ bytes, starts }: RawBatch): RawDocument[] {
  return starts.map((start) => ({
    id: idAt(bytes, start),
    bytes: bytes.subarray(start, start + bytes.readInt32LE(start)),
  }));
}

/** `_id` is always first, and here a string. */
function idAt(bytes: Buffer, start: number): Buffer {
  const from = start + 4 + '\x02_id\0'.length + 4;
  return bytes.subarray(from, from + bytes.readInt32LE(from - 4) - 1);
}

/**
 * Up to where both pages are complete: the end of the one that ends first, by the order of bytes that MongoDB sorts
 * ids in; what comes after it is read again with the next. An empty page has no end: there is nothing more. Null
 * where both are.
 */
function lowestEnd(...pages: readonly RawBatch[]): Buffer | null {
  const ends = pages.flatMap(({ bytes, starts }) => {
    const last = starts.at(-1);
    return last === undefined ? [] : [idAt(bytes, last)];
  });
  return ends.toSorted((a, b) => Buffer.compare(a, b))[0] ?? null;
}

/** Whether two pages hold the same documents: most do, and need no look at each of them. */
function isSame(a: RawBatch, b: RawBatch): boolean {
  const [from, other] = [a.starts[0], b.starts[0]];
  if (from === undefined || other === undefined) return false;
  return a.bytes.compare(b.bytes, other, b.end, from, a.end) === 0;
}

/** Compares all up to an id, and says how many should be there. */
function compareAll(differences: Differences, upTo: Buffer, expected: RawBatch, found: RawBatch): number {
  const isIn = ({ id }: RawDocument): boolean => Buffer.compare(id, upTo) <= 0;
  const wanted = documentsIn(expected).filter(isIn);
  const present = documentsIn(found).filter(isIn);
  const byId = new Map(present.map(({ id, bytes }) => [id.toString('latin1'), bytes]));
  for (const { id, bytes } of wanted) {
    const key = id.toString('latin1');
    compareDocument(differences, bytes, byId.get(key));
    byId.delete(key);
  }
  for (const bytes of byId.values()) compareDocument(differences, undefined, bytes);
  return wanted.length;
}
