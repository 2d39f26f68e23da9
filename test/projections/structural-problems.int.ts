import type { mongo } from 'mongoose';
import type { ProjectionEngine } from '../../src/projections/engine.js';
import { structuralProblems } from '../../src/projections/inspect/structural-problems.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { verifyProjection } from '../../src/projections/verify/verify.js';
import { HASTY, liveOf } from '../support/projected.js';
import { families } from '../support/read-models.js';
import { createTestProjections, type TestProjections } from '../support/test-projections.js';

let test: TestProjections;
let engine: ProjectionEngine;

beforeAll(async () => {
  test = await createTestProjections();
  engine = test.engine([families], undefined, HASTY);
});
beforeEach(() => rebuild(engine, families));
afterAll(() => test.close());

/** The live documents as root has them. */
async function live(): Promise<mongo.Collection> {
  const { slot } = await liveOf(engine, 'families');
  return test.database.rootClient.db(test.database.name).collection(`families@${slot}`);
}

const problems = async (): Promise<string[]> =>
  structuralProblems(engine, families, (await liveOf(engine, 'families')).slot);

describe('the indexes of a live generation', () => {
  it('are right as a rebuild makes them', async () => {
    expect(await problems()).toEqual([]);
    // Of use to somebody, and no harm to anybody.
    await (await live()).createIndex({ members: 1 });
    expect(await problems()).toEqual([]);
  });

  it('lack one where another has its name', async () => {
    const collection = await live();
    await collection.dropIndex('email_1');
    await collection.createIndex({ locale: 1 }, { name: 'email_1' });
    expect(await problems()).toEqual([`${collection.collectionName} lacks the indexes email_1`]);
  });

  it('lack one where it is unique by now, and documents of events would be refused', async () => {
    const collection = await live();
    await collection.dropIndex('registeredAt_1');
    await collection.createIndex({ registeredAt: 1 }, { unique: true });
    expect(await problems()).toEqual([`${collection.collectionName} lacks the indexes registeredAt_1`]);
  });

  it('are named where MongoDB deletes documents by one, which a rebuild puts right', async () => {
    const collection = await live();
    const name = await collection.createIndex({ closedAt: 1 }, { expireAfterSeconds: 1e9 });
    const { dbName, collectionName } = collection;
    await test.database.rootClient.db(dbName).command({
      collMod: collectionName,
      index: { name: 'registeredAt_1', expireAfterSeconds: 1e9 },
    });
    expect(await verifyProjection(engine, families)).toMatchObject({
      ok: false,
      different: 0,
      problems: [
        `${collectionName} lacks the indexes registeredAt_1`,
        ...['registeredAt_1', name].map(
          (index) =>
            `MongoDB deletes documents of ${collectionName} by the index ${index} (expireAfterSeconds)`,
        ),
      ],
    });
    await rebuild(engine, families);
    expect(await verifyProjection(engine, families)).toMatchObject({ ok: true });
  });
});
