import { setTimeout as sleep } from 'node:timers/promises';
import mongoose, { type mongo } from 'mongoose';
import type { ProjectionEngine } from '../engine.js';
import type { StoredDocument } from '../documents.js';
import { liveGeneration } from '../generations/status.js';
import { catchUp } from '../runner/catch-up.js';
import type { OpenGeneration } from '../runner/open-generation.js';
import { compareDocument, noDifferences, type Differences } from './differences.js';
import type { OnProgress } from './progress.js';

const PAGE = 5_000;
/** A live generation that is behind the new one is waited for this long, in milliseconds. */
const WAIT_FOR_LIVE_MS = 5_000;

/** The live generation cannot be compared with: there is none, or it does not get to where the new one is. */
export class NotComparable extends Error {
  constructor(projection: string, why: string) {
    super(`The new generation of ${projection} cannot be compared with the live one: ${why}`);
    this.name = 'NotComparable';
  }
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
): Promise<Differences> {
  const { projection, slot } = generation;
  const differences = noDifferences();
  let after: string | null = null;
  let compared = 0;
  for (;;) {
    const live = await readLivePage(engine, generation, after);
    await catchUp(engine, generation, live.position);
    const expected = await readPage(engine.slot(projection.name, slot), after);
    // Both pages are complete up to here; what comes after it is read again with the next.
    const upTo = lowestEnd(expected, live.documents);
    const isIn = ({ id }: RawDocument): boolean => upTo === null || Buffer.compare(id, upTo) <= 0;
    compareAll(differences, expected.filter(isIn), live.documents.filter(isIn));
    compared += expected.filter(isIn).length;
    onProgress('Comparing', compared, Math.max(compared, generation.documents));
    if (upTo === null) {
      for (const bytes of await readMisnamed(live.slot)) compareDocument(differences, undefined, bytes);
      return differences;
    }
    after = upTo.toString('utf8');
  }
}

/** A page of the live generation as it was at one moment, and the position it had reached then. */
interface LivePage {
  documents: RawDocument[];
  slot: mongo.Collection<StoredDocument>;
  position: number;
}

async function readLivePage(
  engine: ProjectionEngine,
  generation: OpenGeneration,
  after: string | null,
): Promise<LivePage> {
  const { name } = generation.projection;
  const until = Date.now() + WAIT_FOR_LIVE_MS;
  for (;;) {
    const session = engine.client.startSession({ snapshot: true });
    try {
      const live = liveGeneration(await engine.statuses.findOne({ _id: name }, atSnapshot(session)));
      if (live === null) throw new NotComparable(name, 'none is live');
      const position = Number(live.generation.checkpoint);
      if (position >= generation.checkpoint) {
        const slot = engine.slot(name, live.slot);
        return { slot, documents: await readPage(slot, after, atSnapshot(session)), position };
      }
      if (Date.now() > until) {
        throw new NotComparable(
          name,
          `it stands at position ${position}, the new one at ${generation.checkpoint}`,
        );
      }
    } finally {
      await session.endSession();
    }
    await sleep(100);
  }
}

function atSnapshot(session: mongo.ClientSession): mongo.FindOptions {
  return { session, readConcern: new mongoose.mongo.ReadConcern('snapshot') };
}

async function readPage(
  documents: mongo.Collection<StoredDocument>,
  after: string | null,
  options: mongo.FindOptions = {},
): Promise<RawDocument[]> {
  // Of strings alone: ids of other types are in no order with them.
  const found = documents.find(
    { _id: after === null ? { $gte: '' } : { $gt: after } },
    {
      ...options,
      raw: true,
      sort: { _id: 1 },
      limit: PAGE,
      batchSize: PAGE,
    },
  );
  return (await found.toArray()).map(toRaw);
}

/** Documents whose id is no string: no event has made them. They lie on both sides of all strings. */
async function readMisnamed(documents: mongo.Collection<StoredDocument>): Promise<Buffer[]> {
  const byId = { raw: true, hint: { _id: 1 } };
  const before = await documents.find({}, { ...byId, max: { _id: '' } }).toArray();
  const behind = await documents.find({}, { ...byId, min: { _id: {} } }).toArray();
  return [...before, ...behind] as unknown as Buffer[];
}

/** With `raw`, what the driver gives is the document's own bytes. `_id` is always first, and a string. */
function toRaw(document: unknown): RawDocument {
  const bytes = document as Buffer;
  const from = 4 + '\x02_id\0'.length + 4;
  const length = bytes.readInt32LE(from - 4);
  return { id: bytes.subarray(from, from + length - 1), bytes };
}

/** Where the shorter of two pages ends, by the order of bytes that MongoDB sorts ids in; null for both at the end. */
function lowestEnd(...pages: readonly (readonly RawDocument[])[]): Buffer | null {
  const ends = pages.filter((page) => page.length === PAGE).map((page) => page.at(-1)?.id ?? Buffer.alloc(0));
  return ends.toSorted((a, b) => Buffer.compare(a, b))[0] ?? null;
}

function compareAll(
  differences: Differences,
  expected: readonly RawDocument[],
  found: readonly RawDocument[],
): void {
  const byId = new Map(found.map(({ id, bytes }) => [id.toString('latin1'), bytes]));
  for (const { id, bytes } of expected) {
    const key = id.toString('latin1');
    compareDocument(differences, bytes, byId.get(key));
    byId.delete(key);
  }
  for (const bytes of byId.values()) compareDocument(differences, undefined, bytes);
}
