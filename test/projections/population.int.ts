import { populationOf, quickPopulationOf } from '../../src/projections/inspect/population.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { liveOf } from '../support/projected.js';
import { families } from '../support/read-models.js';
import { createTestProjections, type TestProjections } from '../support/test-projections.js';
import { documents } from '../support/try-rights.js';

let test: TestProjections;

beforeAll(async () => {
  test = await createTestProjections();
});
afterAll(() => test.close());

describe('the population of a read model', () => {
  it('is counted document by document only where a quick look finds another number than there should be', async () => {
    for (let index = 0; index < 3; index += 1) await test.register();
    const engine = test.engine([families]);
    expect(await quickPopulationOf(engine, 'families')).toBeNull();
    await rebuild(engine, families);
    const derived = test.database.rootClient.db(test.database.name);
    await derived.command({ profile: 2 });
    const counts = () =>
      derived.collection('system.profile').countDocuments({ 'command.aggregate': /^families@/ });
    expect(await quickPopulationOf(engine, 'families')).toEqual({ expected: 3, counted: 3 });
    expect(await counts()).toBe(0);
    expect(await populationOf(engine, 'families')).toEqual({ expected: 3, counted: 3 });
    expect(await counts()).toBe(1);

    const { slot } = await liveOf(engine, 'families');
    await documents(derived, `families@${slot}`).insertOne({ _id: 'nobody' });
    expect(await quickPopulationOf(engine, 'families')).toEqual({ expected: 3, counted: 4 });
    expect(await counts()).toBe(2);
    await derived.command({ profile: 0 });
  });
});
