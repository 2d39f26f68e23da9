import { readModels } from '../../src/families/read-models/index.js';
import { rollBack } from '../../src/projections/rebuild/rollback.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { verifyProjection } from '../../src/projections/verify/verify.js';
import { createTestProjections, type TestProjections } from '../support/test-projections.js';

describe('a rebuild', () => {
  let test: TestProjections;
  beforeAll(async () => {
    test = await createTestProjections();
    const written = await Promise.all(
      Array.from({ length: 60 }, (_, index) => test.register(`Family ${index}`)),
    );
    for (const family of written.slice(0, 20)) {
      await test.append(
        family,
        { type: 'FamilyRenamed', data: {}, personal: { familyName: 'Renamed' } },
        {
          type: 'MemberAdded',
          data: { memberId: `${family.id}-m`, role: 'child' },
          personal: { nickname: 'Nina' },
        },
      );
    }
  });
  afterAll(() => test.close());

  it.each(readModels)('builds $name, which verifies', async (projection) => {
    const engine = test.engine();
    const report = await rebuild(engine, projection);
    expect(report).toMatchObject({ switched: true, generation: 1, differences: null, quarantined: 0 });
    expect(await verifyProjection(engine, projection)).toMatchObject({ ok: true, problems: [], missing: 0 });
    const again = await rebuild(engine, projection, { onlyIfSame: true });
    expect(again).toMatchObject({
      switched: true,
      generation: 2,
      differences: { missing: 0, extra: 0, different: 0, samples: [] },
    });
    expect(await rollBack(engine, projection)).toMatchObject({ generation: 1 });
    expect(await verifyProjection(engine, projection)).toMatchObject({ ok: true });
  });
});
