import { ClaimsMissing, ClaimTaken } from '../../../src/event-log/errors.js';
import type { EventLog } from '../../../src/event-log/event-log.js';
import { rebuildClaims } from '../../../src/families/claims/rebuild-claims.js';
import { addresses, createTestFamilies, type TestFamilies } from '../../support/test-families.js';

/** So many that removing them takes root's `deleteMany` a good while. */
const FAMILIES = addresses(4_000);

let test: TestFamilies;

beforeEach(async () => {
  test = await createTestFamilies();
  await test.registerAll(FAMILIES);
}, 60_000);
afterEach(() => test.close());

const firstInNaturalOrder = async (): Promise<string | undefined> => {
  const [first] = await test.claims().find().sort({ $natural: 1 }).limit(1).toArray();
  return first?._id;
};

/** Tries to register addresses that others have, until it is stopped; returns how each try ended. */
function knock(log: EventLog, callers: number): { stop(): Promise<unknown[]> } {
  const outcomes: unknown[] = [];
  let stopping = false;
  const caller = async (first: number): Promise<void> => {
    for (let index = first; !stopping; index = (index + callers) % FAMILIES.length) {
      const outcome = await test.register(FAMILIES[index]!, log).then(
        ({ position }) => `stored at ${position}`,
        (error: unknown) => error,
      );
      outcomes.push(outcome);
    }
  };
  const all = Promise.all(Array.from({ length: callers }, (_, index) => caller(index)));
  return {
    stop: async () => {
      stopping = true;
      await all;
      return outcomes;
    },
  };
}

/** Wipes the claims while two writers try to take addresses that others have. */
async function expectNoDuplicateWhileWiped(): Promise<void> {
  const { log: other } = await test.openWriter();
  const knocking = [knock(test.log, 16), knock(other, 16)];
  await test.claims().deleteMany({});
  const outcomes = (await Promise.all(knocking.map(({ stop }) => stop()))).flat();
  const unexpected = outcomes.filter(
    (outcome) => !(outcome instanceof ClaimTaken) && !(outcome instanceof ClaimsMissing),
  );
  expect(unexpected).toEqual([]);
  expect((await test.log.head()).position).toBe(FAMILIES.length);
}

describe('claims that root wipes a second time, after a rebuild', () => {
  it('never give an address of one family to another', async () => {
    await test.claims().deleteMany({});
    expect(await rebuildClaims(test.collections, test.openKeys())).toMatchObject({ claims: FAMILIES.length });
    const first = await firstInNaturalOrder();
    await expectNoDuplicateWhileWiped();
    expect(first).toBe('#claims');
  }, 60_000);

  it('never do where the first wipe took the sentinel and left claims', async () => {
    await test.claims().deleteMany({ _id: { $lt: 'family-5' } });
    expect(await rebuildClaims(test.collections, test.openKeys())).toMatchObject({ claims: FAMILIES.length });
    const first = await firstInNaturalOrder();
    await expectNoDuplicateWhileWiped();
    expect(first).toBe('#claims');
  }, 60_000);
});
