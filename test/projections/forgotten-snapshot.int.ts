import { fingerprintOf } from '../../src/config/secrets.js';
import { FamilyEventDecoder } from '../../src/families/read-models/family-event-decoder.js';
import type { EventDecoder } from '../../src/projections/event-decoder.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { verifyProjection } from '../../src/projections/verify/verify.js';
import { startForgetfulMongod, untilForgotten } from '../support/forgetful-mongod.js';
import type { OpenMongod } from '../support/open-mongod.js';
import { caughtUp, HASTY, liveOf, startRunner } from '../support/projected.js';
import { families } from '../support/read-models.js';
import { createTestDatabase } from '../support/test-database.js';
import { createTestProjections, type TestProjections } from '../support/test-projections.js';

let mongod: OpenMongod;
let test: TestProjections;

beforeEach(async () => {
  mongod = await startForgetfulMongod();
  const key = Buffer.alloc(32, 1);
  const database = await createTestDatabase(mongod.uri);
  test = await createTestProjections({ database, kek: { key, fingerprint: fingerprintOf(key) } });
  for (let index = 0; index < 5; index += 1) await test.register(`Family ${index}`);
  await rebuild(test.engine([families]), families);
});
afterEach(async () => {
  await test.close();
  await test.database.drop();
  await mongod.stop();
});

/** Calls `meanwhile` while the log is replayed for the first time, and takes longer over it than MongoDB remembers. */
function slowDecoder(meanwhile: () => Promise<unknown>): EventDecoder {
  const real = new FamilyEventDecoder(test.keys);
  let isFirst = true;
  return {
    knows: (type) => real.knows(type),
    decode: async (events) => {
      if (isFirst) {
        isFirst = false;
        await meanwhile();
        await untilForgotten(test.database.rootClient);
      }
      return real.decode(events);
    },
  };
}

describe('a verification that takes longer than MongoDB keeps a moment', () => {
  it('looks at the documents of differing buckets as they are then, at the position they have then', async () => {
    const { slot } = await liveOf(test.engine(), 'families');
    const live = test.database.rootClient.db(test.database.name).collection(`families@${slot}`);
    await live.updateOne({ name: 'Family 3' }, { $set: { members: 9 } });
    const family = await test.register('Renamed meanwhile');
    const { runner } = startRunner(test.engine([families]));
    await caughtUp(test.engine([families]));
    await live.updateOne({ name: 'Renamed meanwhile' }, { $set: { members: 9 } });
    const decoder = slowDecoder(async () => {
      await test.append(family, { type: 'FamilyRenamed', data: {}, personal: { familyName: 'New name' } });
      await caughtUp(test.engine([families]));
    });
    const found = await verifyProjection(test.engine([families], decoder), families);
    await runner.stop();
    expect(found).toMatchObject({ ok: false, expected: 6, found: 6, missing: 0, extra: 0, different: 2 });
    // The name of the second one is as the log has it by now.
    expect(found.samples.map(({ fields }) => fields)).toEqual([['members'], ['members']]);
  });

  it('begins anew where another generation has become live', async () => {
    const { slot } = await liveOf(test.engine(), 'families');
    const live = test.database.rootClient.db(test.database.name).collection(`families@${slot}`);
    await live.deleteMany({});
    const decoder = slowDecoder(() => rebuild(test.engine([families], undefined, HASTY), families));
    expect(await verifyProjection(test.engine([families], decoder), families)).toMatchObject({
      ok: true,
      expected: 5,
      found: 5,
      missing: 0,
    });
  });
});
