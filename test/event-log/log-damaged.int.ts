import mongoose from 'mongoose';
import { LogDamaged } from '../../src/event-log/errors.js';
import { readLog } from '../../src/event-log/read/read-log.js';
import { change, createTestLog, newEmail, registration, rootLog, type TestLog } from '../support/test-log.js';

const { Long } = mongoose.mongo;

describe('a log that contradicts itself', () => {
  let test: TestLog;
  let stream: string;

  beforeEach(async () => {
    test = await createTestLog();
    const request = registration(newEmail());
    ({ stream } = request);
    await test.log.append(request);
    await test.log.append(change(stream, 1));
    await test.log.append(change(stream, 2));
  });

  afterEach(() => test.close());

  const events = (): ReturnType<ReturnType<typeof rootLog>['collection']> =>
    rootLog(test).collection('events');

  it('is not written to where the head is gone', async () => {
    await rootLog(test).collection('log_head').deleteMany({});
    await expect(test.log.append(registration(newEmail()))).rejects.toThrow(LogDamaged);
    await expect(test.log.head()).rejects.toThrow(LogDamaged);
    expect(await events().countDocuments()).toBe(3);
  });

  it('is not written to where events lie beyond the head', async () => {
    await rootLog(test)
      .collection<{ _id: string }>('log_head')
      .updateOne({ _id: 'head' }, { $set: { position: Long.fromNumber(1) } });
    await expect(test.log.append(registration(newEmail()))).rejects.toThrow(LogDamaged);
    expect(await events().countDocuments()).toBe(3);
  });

  it('is not folded where a stream has a hole', async () => {
    await events().deleteOne({ version: 2 });
    await expect(test.log.readStream(stream)).rejects.toThrow(`${stream} has version 3 where 2 belongs`);
  });

  it.each([
    ['on top of', 3],
    ['into', 1],
    ['beyond', 4],
  ])('is not written to %s a hole in a stream, by a process that comes to it anew', async (_, version) => {
    await events().deleteOne({ version: 2 });
    const { log } = await test.openWriter();
    const neighbour = log.append(registration(newEmail()));
    await expect(log.append(change(stream, version))).rejects.toThrow(
      new LogDamaged(`${stream} has 2 events up to version 3`),
    );
    // It alone is refused.
    await neighbour;
    expect(await events().countDocuments({ stream })).toBe(2);
  });

  it('is not read on where a position is missing', async () => {
    await events().deleteOne({ version: 2 });
    const read = async (): Promise<number> => {
      let count = 0;
      for await (const page of readLog(test.collections)) count += page.length;
      return count;
    };
    await expect(read()).rejects.toThrow('position 2 is missing');
    await events().deleteOne({ version: 3 });
    await expect(read()).rejects.toThrow(LogDamaged);
  });
});
