import { randomUUID } from 'node:crypto';
import mongoose from 'mongoose';
import type { AppendRequest } from '../../src/event-log/append/append-request.js';
import { AppendTooLarge, LogDamaged } from '../../src/event-log/errors.js';
import { readLog } from '../../src/event-log/read/read-log.js';
import { checkLog } from '../support/check-log.js';
import { MONTH_MS } from '../support/move-clock.js';
import {
  change,
  createTestLog,
  newEmail,
  registration,
  renamed,
  rootLog,
  type TestLog,
} from '../support/test-log.js';

const { Long } = mongoose.mongo;
/** MongoDB's limit for a document is 16 of these. */
const MB = 1_024 * 1_024;

let test: TestLog;
beforeEach(async () => {
  test = await createTestLog();
});
afterEach(() => test.close());

async function expectUnharmed(events: number): Promise<void> {
  const { problems, events: found } = await checkLog(test.database.rootClient, test.database.logName);
  expect({ problems, found }).toEqual({ problems: [], found: events });
}

describe('an append that is too large', () => {
  const stream = `family-${randomUUID()}`;
  const sized = (bytes: number): [string, (request: AppendRequest) => AppendRequest][] => {
    const text = 'x'.repeat(bytes);
    return [
      ['in its data', (request) => ({ ...request, events: [{ ...renamed(), data: { text } }] })],
      [
        'in its sealed part',
        (request) => ({ ...request, events: [{ ...renamed(), sealed: Buffer.alloc(bytes) }] }),
      ],
      ['in its type', (request) => ({ ...request, events: [{ ...renamed(), type: text }] })],
      ['in the name of its stream', (request) => ({ ...request, stream: text })],
      ['in its author', (request) => ({ ...request, meta: { ...request.meta, actor: text } })],
      [
        'in what it claims',
        (request) => ({
          ...request,
          events: [
            { ...renamed(), claims: [{ kind: 'make', value: text, holder: { family: 'f', member: 'm' } }] },
          ],
        }),
      ],
      [
        'in what is stored alongside',
        (request) => ({
          ...request,
          alongside: [{ collection: 'idempotency_keys', document: { _id: 'key', text } }],
        }),
      ],
    ];
  };

  it.each([15.9, 16.1])(
    'of %d MB is refused wherever its bytes are, before anything is sent',
    async (megabytes) => {
      const neighbours = Array.from({ length: 4 }, () => test.log.append(registration(newEmail())));
      for (const [where, enlarge] of sized(megabytes * MB)) {
        const error: unknown = await test.log
          .append(enlarge(change(stream, 0)))
          .catch((thrown: unknown) => thrown);
        expect({ where, error }).toEqual({ where, error: expect.any(AppendTooLarge) });
        expect(String(error)).toMatch(/This append holds 1[67]\d{6} bytes; the limit is 4000000 bytes/);
      }
      await Promise.all(neighbours);
      await expectUnharmed(4);
    },
  );

  it('by its 10,000 events is refused, and says so', async () => {
    const events = Array.from({ length: 10_000 }, renamed);
    await expect(test.log.append(change(stream, 0, events))).rejects.toThrow(
      new AppendTooLarge('10000 events', '1000'),
    );
    await test.log.append(registration(newEmail()));
    await expectUnharmed(1);
  });
});

describe('an append that cannot be written as BSON', () => {
  const round: Record<string, unknown> = {};
  round['round'] = round;
  let deep: Record<string, unknown> = {};
  for (let level = 0; level < 300; level += 1) deep = { deep };

  it.each([
    ['is its own part', round],
    ['is deeper than MongoDB stores', deep],
    ['has a name with a NUL in it', { 'a\0b': 1 }],
  ])('because it %s is refused, and its neighbours are not', async (_, data) => {
    const outcomes = await Promise.allSettled([
      test.log.append(registration(newEmail())),
      test.log.append(change(`family-${randomUUID()}`, 0, [{ ...renamed(), data }])),
      test.log.append(registration(newEmail())),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await expectUnharmed(2);
  });
});

describe('two processes whose clocks are a month apart', () => {
  it('write in one order, and the time of the log never goes back', async () => {
    const { log: slow } = await test.openWriter();
    const began = Date.now();
    for (let round = 0; round < 3; round += 1) {
      const now = new Date(began + round);
      const appended = await Promise.all([
        test.log.append(registration(newEmail(), { now })),
        slow.append(registration(newEmail(), { now: new Date(now.getTime() - MONTH_MS) })),
      ]);
      if (round > 0) expect(appended.filter(({ at }) => at.getTime() < began)).toEqual([]);
    }
    const times: number[] = [];
    for await (const page of readLog(test.collections)) times.push(...page.map(({ at }) => at.getTime()));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    await expectUnharmed(6);
  });
});

describe('a document that root put among the events', () => {
  it.each([
    ['has nothing but a position', {}],
    ['has no hash', { ...foreign(), hash: undefined }],
    ['has a text for a hash', { ...foreign(), hash: 'hash' }],
    ['has a text for a time', { ...foreign(), at: 'now' }],
    ['has no author', { ...foreign(), meta: null }],
  ])('is called damage where it %s', async (_, document) => {
    const registered = registration(newEmail());
    await test.log.append(registered);
    await rootLog(test)
      .collection<{ _id: mongoose.mongo.Long }>('events')
      .insertOne(
        { _id: Long.fromNumber(2), ...document },
        { bypassDocumentValidation: true, ignoreUndefined: true },
      );
    await rootLog(test)
      .collection<{ _id: string }>('log_head')
      .updateOne({ _id: 'head' }, { $set: { position: Long.fromNumber(2) } });
    await expect(
      (async () => {
        for await (const _page of readLog(test.collections));
      })(),
    ).rejects.toThrow(new LogDamaged('what lies at position 2 is no event'));
    if ('stream' in document) await expect(test.log.readStream('family-1')).rejects.toThrow(LogDamaged);
  });
});

function foreign(): Record<string, unknown> {
  return {
    ...{ stream: 'family-1', version: 1, type: 'FamilyRenamed', schema: 1, at: new Date(), data: {} },
    ...{ meta: { actor: 'root' }, hash: new mongoose.mongo.Binary(Buffer.alloc(32)) },
  };
}
