import mongoose from 'mongoose';
import { findRaw } from '../../src/event-log/read/raw-batch.js';
import { RawEvent } from '../../src/event-log/read/raw-event.js';
import { readLog } from '../../src/event-log/read/read-log.js';
import type { RecordedEvent } from '../../src/event-log/event.js';
import { createTestLog, newEmail, registration, type TestLog } from '../support/test-log.js';

const { BSON, Long } = mongoose.mongo;

describe('events over their raw bytes', () => {
  let test: TestLog;
  let decoded: RecordedEvent[];

  beforeAll(async () => {
    test = await createTestLog();
    for (let index = 0; index < 12; index += 1) {
      // Names of one length and of several, and one beyond ASCII.
      const stream = index % 3 === 0 ? `family-ñandú-${index}` : `family-${index}`;
      await test.log.append(registration(newEmail(), { stream }));
    }
    decoded = [];
    for await (const page of readLog(test.collections)) decoded.push(...page);
  });

  afterAll(() => test.close());

  it('say what the decoded ones say, field by field', async () => {
    const { bytes, starts } = await findRaw(test.collections.events, { sort: { _id: 1 }, limit: 100 });
    let before: RawEvent | undefined;
    const raw = starts.map((start) => (before = new RawEvent(bytes, start, before)));
    expect(raw.map(plain)).toEqual(decoded.map(plain));
  });

  it('come as many at a time as are asked for, and none behind the last', async () => {
    const after = (position: number): ReturnType<typeof findRaw> =>
      findRaw(test.collections.events, {
        filter: { _id: { $gt: Long.fromNumber(position) } },
        sort: { _id: 1 },
        limit: 5,
      });
    const counts = await Promise.all([0, 5, 10, 12].map(async (from) => (await after(from)).starts.length));
    expect(counts).toEqual([5, 5, 2, 0]);
  });

  it('are as much as one reply holds, where more was asked for', async () => {
    const large = test.collections.client.db(test.database.name).collection('projection_quarantine');
    const error = 'x'.repeat(1_000_000);
    const documents = Array.from({ length: 20 }, (_, index) => ({
      _id: String(index).padStart(2, '0') as never,
      projection: 'families',
      generation: 1,
      stream: 'family-1',
      position: Long.fromNumber(1),
      type: 'T',
      error,
      since: new Date(),
    }));
    for (const document of documents) await large.insertOne(document);
    const first = await findRaw(large, { sort: { _id: 1 }, limit: 20 });
    expect(first.starts.length).toBeGreaterThan(10);
    expect(first.starts.length).toBeLessThan(20);
    expect(first.end - (first.starts[0] ?? 0)).toBeGreaterThan(10_000_000);
    const filter = { _id: { $gte: String(first.starts.length).padStart(2, '0') } };
    const rest = await findRaw(large, { filter, sort: { _id: 1 }, limit: 20 });
    expect(first.starts.length + rest.starts.length).toBe(20);
  });

  it('are refused where they hold what no event does', () => {
    const position = { _id: Long.fromNumber(1) };
    const foreign = [
      { ...position, type: 'A', surprise: 1 },
      { type: 'A', ...position },
      { ...position },
      { ...position, type: 'A', data: /a/ },
    ];
    for (const document of foreign) {
      expect(() => new RawEvent(Buffer.from(BSON.serialize(document)))).toThrow(
        /^The log is damaged: .* is no event/,
      );
    }
  });
});

function plain(event: RecordedEvent): RecordedEvent {
  const { position, stream, version, type, schema, at, data, sealed, meta, hash } = event;
  return {
    position,
    stream,
    version,
    type,
    schema,
    at,
    data,
    meta,
    hash,
    ...(sealed === undefined ? {} : { sealed }),
  };
}
