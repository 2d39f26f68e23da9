import { setTimeout as sleep } from 'node:timers/promises';
import type { TestProjections, WrittenFamily } from './test-projections.js';

/** Appends that go on until they are stopped. */
export interface Writes {
  /** Resolves with the number of appends made; rejects where one failed. */
  stop(): Promise<number>;
}

/** Renames and registers families, about `perSecond` appends. */
export function startWrites(
  test: TestProjections,
  families: readonly WrittenFamily[],
  perSecond: number,
): Writes {
  const state = { stopping: false };
  const workers = 8;
  let written = 0;
  const write = async (worker: number): Promise<void> => {
    // Each worker has families of its own: appends to one stream follow one another.
    const own = families.filter((_, index) => index % workers === worker);
    for (let turn = 0; !state.stopping; turn += 1) {
      const next = sleep((1_000 * workers) / perSecond);
      const family = own[turn % own.length];
      if (family === undefined || turn % 10 === 9) await test.register(`New ${turn}`);
      else {
        const personal = { familyName: `Renamed ${worker} ${turn}` };
        await test.append(family, { type: 'FamilyRenamed', data: {}, personal });
      }
      written += 1;
      await next;
    }
  };
  const all = Promise.all(Array.from({ length: workers }, (_, worker) => write(worker)));
  // Its failure is told by `stop`.
  all.catch(() => undefined);
  return {
    stop: async () => {
      state.stopping = true;
      await all;
      return written;
    },
  };
}

/** Registers many families, each with as many renames. */
export async function writeFamilies(
  test: TestProjections,
  count: number,
  renames: number,
): Promise<WrittenFamily[]> {
  const families: WrittenFamily[] = [];
  for (let from = 0; from < count; from += 500) {
    const some = Array.from({ length: Math.min(500, count - from) }, async (_, index) => {
      const family = await test.register(`Family ${from + index}`);
      const renamed = Array.from({ length: renames }, (__, turn) => ({
        type: 'FamilyRenamed' as const,
        data: {},
        personal: { familyName: `Family ${from + index}.${turn}` },
      }));
      if (renames > 0) await test.append(family, ...renamed);
      return family;
    });
    families.push(...(await Promise.all(some)));
  }
  return families;
}
