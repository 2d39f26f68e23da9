import fc from 'fast-check';
import mongoose, { type mongo } from 'mongoose';
import { LogDamaged } from '../../src/event-log/errors.js';
import { chainEvents, chainHash, GENESIS_HASH } from '../../src/event-log/event-bytes.js';
import type { LogCollections } from '../../src/event-log/log-collections.js';
import type { LogHead } from '../../src/event-log/log-head.js';
import { findRaw } from '../../src/event-log/read/raw-batch.js';
import { RawEvent } from '../../src/event-log/read/raw-event.js';
import { readVerifiedLog } from '../../src/event-log/read/read-verified-log.js';
import { printedSeed } from '../support/random.js';
import { renamed } from '../support/test-log.js';

const { BSON, Long, MongoUnexpectedServerResponseError } = mongoose.mongo;
const RUNS = 2_000;

const GENESIS: LogHead = { position: 0, hash: GENESIS_HASH, at: new Date(0) };
const meta = { actor: 'a', commandId: 'b', correlationId: 'c', causationId: 'd' };
const chained = chainEvents(GENESIS, [
  {
    event: { ...renamed(), data: { deep: { list: [1, 'two', { three: new Date(0) }] } } },
    stream: 'family-1',
    version: 1,
    meta,
    now: new Date(),
  },
]);
const event = Buffer.from(BSON.serialize(chained.documents[0]!));
const reply = Buffer.from(
  BSON.serialize({
    firstBatch: [1, 2, 3].map((position) => ({ _id: Long.fromNumber(position), type: 'A' })),
    id: Long.fromNumber(0),
    ns: 'test.events',
  }),
);

/** Bytes that were cut off, changed in places, or are no BSON at all. */
function spoiled(bytes: Buffer): fc.Arbitrary<Buffer> {
  const somewhere = fc.nat(bytes.length - 1);
  const change = fc.tuple(somewhere, fc.nat(255));
  const length = fc.tuple(somewhere, fc.oneof(fc.integer(), fc.integer({ min: -300, max: 300 })));
  return fc.oneof(
    somewhere.map((end) => bytes.subarray(0, end)),
    // Cut off, and with a length that hides it.
    somewhere.map((end) => withLength(bytes.subarray(0, end), 0, end)),
    fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
      const copy = Buffer.from(bytes);
      for (const [at, byte] of changes) copy[at] = byte;
      return copy;
    }),
    length.map(([at, value]) => withLength(bytes, at, value)),
    fc.uint8Array({ maxLength: 300 }).map((random) => Buffer.from(random)),
    fc.uint8Array({ minLength: 5, maxLength: 300 }).map((random) => {
      const copy = Buffer.from(random);
      return withLength(copy, 0, copy.length);
    }),
  );
}

function withLength(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  if (at + 4 <= copy.length) copy.writeInt32LE(value, at);
  return copy;
}

/** Runs on many spoiled forms of these bytes; the seed is printed. */
function forSpoiled(bytes: Buffer, check: (bytes: Buffer) => void | Promise<void>): Promise<void> {
  return fc.assert(
    fc.asyncProperty(spoiled(bytes), async (given) => check(given)),
    { seed: printedSeed('hostile bytes'), numRuns: RUNS },
  );
}

describe('bytes that are no event', () => {
  it('are read or refused by whoever reads events over their bytes, and nothing else happens', async () => {
    await forSpoiled(event, (bytes) => {
      readOrRefuse(() => {
        const {
          position,
          stream,
          version,
          type,
          schema,
          at,
          data,
          sealed,
          meta: author,
          hash,
        } = new RawEvent(bytes);
        return { position, stream, version, type, schema, at, data, sealed, author, hash };
      });
    });
  });

  it('are refused where they lie among others and reach into the next one', () => {
    const second = Buffer.from(event);
    for (let at = 0; at < event.length; at += 1) {
      const both = Buffer.concat([withLength(event, at, event.length + 40), second]);
      readOrRefuse(() => {
        const { data, hash, sealed, stream } = new RawEvent(both, 0);
        expect(hash.length).toBe(32);
        return { data, sealed, stream };
      });
    }
  });

  it('are refused where a number, a hash or a name is of another type than an event has there', () => {
    const [document] = chained.documents;
    for (const [field, value] of Object.entries({
      _id: 1,
      stream: 7,
      version: Long.fromNumber(1),
      type: null,
      schema: 1.5,
      at: 0,
      data: [],
      sealed: 'sealed',
      meta: 'me',
      hash: new mongoose.mongo.Binary(Buffer.alloc(31)),
    })) {
      const bytes = Buffer.from(BSON.serialize({ ...document, [field]: value }));
      expect(() => new RawEvent(bytes)).toThrow(LogDamaged);
    }
  });

  it('are named by position and field where they have one', () => {
    const [document] = chained.documents;
    const bytes = Buffer.from(BSON.serialize({ ...document, at: 0 }));
    expect(() => new RawEvent(bytes)).toThrow(
      'The log is damaged: what lies at position 1 is no event: its "at" is of BSON type 16',
    );
  });

  it('do not pass for an event of the chain', async () => {
    await forSpoiled(event, async (bytes) => {
      if (bytes.equals(event)) return;
      await expect(readVerified(bytes)).rejects.toThrow(LogDamaged);
    });
    await readVerified(event);
  });

  it('do not pass for one because whoever wrote them knows how to hash', async () => {
    for (const body of [
      { _id: 1 },
      { _id: Long.fromNumber(1), hash: 'x' },
      { at: 'now' },
      { _id: 'x', a: 1 },
    ]) {
      const bytes = BSON.serialize(body);
      await expect(readVerified(forged(bytes), forgedHead(bytes))).rejects.toThrow(LogDamaged);
    }
    // Deeper than anything can be decoded.
    const deep = nested(200_000);
    await expect(readVerified(forged(deep), forgedHead(deep))).rejects.toThrow(LogDamaged);
  });
});

describe('a reply that is none', () => {
  it('is read or refused as the answer of a server that is not well', async () => {
    await forSpoiled(reply, async (bytes) => {
      const found = await replying(bytes).catch((error: unknown) => error);
      if (found instanceof Error) {
        expect(found).toBeInstanceOf(MongoUnexpectedServerResponseError);
        return;
      }
      const { starts, end } = found as Awaited<ReturnType<typeof replying>>;
      expect(starts.every((start, index) => start > (starts[index - 1] ?? 0) && start < end)).toBe(true);
      expect(end).toBeLessThan(bytes.length);
    });
    expect((await replying(reply)).starts).toHaveLength(3);
  });

  it('is refused where a document in it says that it ends before it begins', async () => {
    const [first = 0] = (await replying(reply)).starts;
    for (const length of [0, -1, -4, -20, 4, 2 ** 31 - 1]) {
      await expect(replying(withLength(reply, first, length))).rejects.toThrow(
        MongoUnexpectedServerResponseError,
      );
    }
  });
});

function readOrRefuse(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(LogDamaged);
  }
}

/** What a reader of the whole log, who verifies the chain, makes of one event of these bytes. */
async function readVerified(bytes: Buffer, head: LogHead = chained.head): Promise<void> {
  const events = { find: () => ({ sort: () => ({ toArray: () => Promise.resolve([bytes]) }) }) };
  for await (const _page of readVerifiedLog({ events } as unknown as LogCollections, head));
}

function replying(cursor: Buffer): ReturnType<typeof findRaw> {
  const db = { command: () => Promise.resolve({ cursor }) } as unknown as mongo.Db;
  return findRaw({ db, collectionName: 'events' }, { limit: 3 });
}

/** An event's bytes with this body, which carry the hash that belongs to them at the beginning of a log. */
function forged(body: Uint8Array): Buffer {
  const { hash } = forgedHead(body);
  const element = BSON.serialize({ hash: new mongoose.mongo.Binary(hash) }).subarray(4);
  const bytes = Buffer.concat([body.subarray(0, body.length - 1), element]);
  return withLength(bytes, 0, bytes.length);
}

function forgedHead(body: Uint8Array): LogHead {
  return { position: 1, hash: chainHash(GENESIS_HASH, body), at: new Date(0) };
}

/** `{a: {a: … {}}}`, so many levels deep. */
function nested(levels: number): Buffer {
  const bytes = Buffer.alloc(levels * 8 + 5);
  for (let level = 0; level <= levels; level += 1) {
    bytes.writeInt32LE(bytes.length - level * 8, level * 7);
    if (level < levels) bytes.write('\u0003a\0', level * 7 + 4, 'latin1');
  }
  return bytes;
}
