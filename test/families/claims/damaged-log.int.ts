import { canonicalForm } from '../../../src/families/claims/canonical-form.js';
import mongoose from 'mongoose';
import { verifyDatabase } from '../../../src/database/verify.js';
import { LogDamaged } from '../../../src/event-log/errors.js';
import { rebuildClaims } from '../../../src/families/claims/rebuild-claims.js';
import { verifyClaims } from '../../../src/families/claims/verify-claims.js';
import { addresses, createTestFamilies, type TestFamilies } from '../../support/test-families.js';
import { rootLog } from '../../support/test-log.js';

const { Long } = mongoose.mongo;

let test: TestFamilies;

beforeEach(async () => {
  test = await createTestFamilies();
  for (const email of addresses(4)) await test.register(email);
});
afterEach(() => test.close());

const log = () => rootLog(test);
const at = (position: number) => ({ _id: Long.fromNumber(position) as never });
const headTo = (position: number) =>
  log()
    .collection('log_head')
    .updateOne({ _id: 'head' as never }, { $set: { position: Long.fromNumber(position) } });

/** What root does to the log, and what is said of it. */
const damages: [what: string, problem: string, damage: () => Promise<unknown>][] = [
  [
    'changes an event',
    'the event at position 2 does not continue the chain',
    () =>
      log()
        .collection('events')
        .updateOne(at(2), { $set: { 'data.locale': 'de' } }),
  ],
  [
    'adds a field behind the hash',
    'the event at position 3 does not end with its hash',
    () =>
      log()
        .collection('events')
        .updateOne(at(3), { $set: { more: true } }, { bypassDocumentValidation: true }),
  ],
  ['removes an event', 'position 2 is missing', () => log().collection('events').deleteOne(at(2))],
  [
    'removes the last event and moves the head back',
    'the head has another hash than the event at position 3',
    async () => {
      await log().collection('events').deleteOne(at(4));
      await headTo(3);
    },
  ],
  ['moves the head back', 'position 4 lies beyond the head, which is at 3', () => headTo(3)],
];

describe.each(damages)('a log in which root %s', (_, problem, damage) => {
  it.each(['open', 'wiped'])('heals no claims that are %s, and leaves them as they are', async (state) => {
    const [missing] = addresses(1);
    await (state === 'open'
      ? test.claims().deleteOne({ _id: missing! })
      : test.claims().deleteMany({ _id: { $in: ['#claims', missing!] } }));
    await damage();
    const before = await test.claims().find().toArray();
    const refused = expect.objectContaining({ message: `The log is damaged: ${problem}` });
    for (const work of [rebuildClaims, verifyClaims]) {
      const error: unknown = await work(test.collections, test.openKeys()).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(LogDamaged);
      expect(error).toEqual(refused);
    }
    expect(await test.claims().find().toArray()).toEqual(before);
  });
});

describe('a log whose last event was removed and whose head was moved back', () => {
  it('is not served', async () => {
    const client = await test.database.clientAs('service');
    const start = () =>
      verifyDatabase(client, test.database.name, { allowWritableLog: false, canonicalForm, projections: [] });
    await start();
    await log().collection('events').deleteOne(at(4));
    await headTo(3);
    await expect(start()).rejects.toThrow('the head has another hash than the last event (position 3)');
  });
});
