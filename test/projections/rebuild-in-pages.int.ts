import { overviewOf } from '../../src/projections/inspect/overview.js';
import type { OnProgress } from '../../src/projections/progress.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { verifyProjection } from '../../src/projections/verify/verify.js';
import { expectProjected, HASTY, liveOf, statusOf } from '../support/projected.js';
import { families } from '../support/read-models.js';
import {
  createTestProjections,
  type TestProjections,
  type WrittenFamily,
} from '../support/test-projections.js';

/** More documents than a page compares, more events than two pages hold; none of it a multiple of a page. */
const FAMILIES = 5_203;

/** Few enough at once to be stored within their deadline on a busy machine. */
const AT_ONCE = 400;

async function inPortions<Item, Done>(
  items: readonly Item[],
  work: (item: Item) => Promise<Done>,
): Promise<Done[]> {
  const done: Done[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    done.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))));
  }
  return done;
}

describe('a rebuild of more than a page', () => {
  let test: TestProjections;
  let written: WrittenFamily[];

  beforeAll(async () => {
    test = await createTestProjections();
    written = await inPortions(Array.from({ length: FAMILIES }), () => test.register());
    // Far from where they were registered.
    for (const familyName of ['Renamed', 'García']) {
      await inPortions(written, (family) =>
        test.append(family, { type: 'FamilyRenamed', data: {}, personal: { familyName } }),
      );
    }
  }, 120_000);
  afterAll(() => test.close());

  it('makes what the log says, byte for byte', async () => {
    const engine = test.engine(undefined, undefined, HASTY);
    const { documents, events } = await rebuild(engine, families);
    expect({ documents, events }).toEqual({ documents: FAMILIES, events: 3 * FAMILIES });
    await expectProjected(test, engine, families);
    expect(await verifyProjection(engine, families)).toMatchObject({ ok: true });
  }, 60_000);

  it('goes on after the last page that was stored, where it was ended in the middle', async () => {
    const engine = test.engine(undefined, undefined, HASTY);
    const ending = new AbortController();
    let pages = 0;
    const endAtThirdPage: OnProgress = (phase) => {
      if (phase === 'Replaying the log') pages += 1;
      // It is told of once the one before it is stored.
      if (pages === 3) ending.abort();
    };
    const ended = rebuild(engine, families, { signal: ending.signal, onProgress: endAtThirdPage });
    await expect(ended).rejects.toThrow('aborted');
    const { rebuild: left } = await statusOf(engine, families.name);
    expect(left).toMatchObject({ phase: 'build', cursor: expect.stringMatching(/^family-/) });
    const seen = Number(left?.seen);
    expect(seen).toBeGreaterThan(FAMILIES);
    expect(seen).toBeLessThan(3 * FAMILIES);
    expect(await overviewOf(engine, families, new Date())).toMatchObject({
      rebuild: { what: 'rebuild', running: false, done: seen, total: 3 * FAMILIES },
    });

    const told: number[] = [];
    const onProgress: OnProgress = (phase, done) => {
      if (phase === 'Replaying the log') told.push(done);
    };
    const report = await rebuild(engine, families, { onProgress });
    expect(report).toMatchObject({ resumed: true, documents: FAMILIES, events: 3 * FAMILIES });
    expect(told[0]).toBeGreaterThan(seen);
    expect(told.at(-1)).toBe(3 * FAMILIES);
    await expectProjected(test, engine, families);
  }, 60_000);

  it('finds each document of the live generation that is not as it should be, wherever it lies', async () => {
    const engine = test.engine(undefined, undefined, HASTY);
    const { slot } = await liveOf(engine, families.name);
    const live = engine.slot(families.name, slot);
    const ids = written.map(({ id }) => id).toSorted();
    const at = (index: number): string => ids.at(index) ?? '';
    // At the beginning, on both sides of where a page ends, and all of the end.
    const missing = [at(0), at(4_999), ...ids.slice(-150)];
    const different = [at(1), at(5_000), at(5_001)];
    await live.deleteMany({ _id: { $in: missing } });
    await live.updateMany({ _id: { $in: different } }, { $set: { name: 'Somebody' } });
    await live.insertMany(
      ['', `${at(4_998)}x`, 'zzz'].map((_id) => ({ _id, position: 1 as never, name: 'Nobody' })),
    );
    const { differences } = await rebuild(engine, families);
    expect(differences).toMatchObject({
      missing: missing.length,
      extra: 3,
      different: different.length,
    });
    const again = await rebuild(engine, families, { onlyIfSame: true });
    expect(again).toMatchObject({ switched: true, differences: { missing: 0, extra: 0, different: 0 } });
  }, 60_000);
});
