import mongoose from 'mongoose';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { heldWhile } from '../support/held-memory.js';
import { HASTY, liveOf } from '../support/projected.js';
import { families } from '../support/read-models.js';
import { createTestProjections, type TestProjections } from '../support/test-projections.js';

const { ObjectId } = mongoose.mongo;
const STRANGERS = 40_000;
/** All of them 100 MB, and a page of them 13. */
const SIZE = 2_500;
const A_FEW_PAGES = 50_000_000;

let test: TestProjections;

beforeAll(async () => {
  test = await createTestProjections();
  await test.register();
});
afterAll(() => test.close());

describe('a rebuild beside a live read model full of documents that no event has made', () => {
  it('counts them, and holds a few pages of them at most', async () => {
    const engine = test.engine([families], undefined, HASTY);
    await rebuild(engine, families);
    const { slot } = await liveOf(engine, 'families');
    const { rootClient, name } = test.database;
    // As a shell inserts what has no id.
    const live = rootClient.db(name).collection<{ text: string }>(`families@${slot}`);
    const text = 'x'.repeat(SIZE);
    for (let from = 0; from < STRANGERS; from += 5_000) {
      await live.insertMany(Array.from({ length: 5_000 }, () => ({ _id: new ObjectId(), text })));
    }
    const { result, bytes } = await heldWhile(() => rebuild(engine, families, { onlyIfSame: true }), 20);
    expect(result.differences).toMatchObject({ missing: 0, extra: STRANGERS, different: 0 });
    expect(result.differences?.samples).toHaveLength(10);
    expect(bytes).toBeLessThan(A_FEW_PAGES);
  }, 120_000);
});
