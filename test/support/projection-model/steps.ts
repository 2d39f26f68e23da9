import fc from 'fast-check';
import { readModelNames } from '../../../src/families/read-models/index.js';

/** What can happen to read models. Numbers that choose are taken modulo what there is to choose from. */
export type Step =
  | { do: 'register' }
  | { do: 'change'; family: number; what: number; times: number }
  | { do: 'rebuild'; projection: string; how: 'switch' | 'only if same' }
  /** A rebuild whose process loses the database without a word, after some milliseconds. */
  | { do: 'crash rebuild'; projection: string; afterMs: number }
  | { do: 'roll back'; projection: string }
  | { do: 'start runner'; runner: number }
  | { do: 'stop runner'; runner: number }
  /** It keeps its leases: nobody has told the others. */
  | { do: 'crash runner'; runner: number }
  | { do: 'delete documents'; projection: string; every: number }
  /** Handlers cannot take anything of this family any more, nor what they have taken before. */
  | { do: 'poison'; family: number }
  | { do: 'mend' }
  | { do: 'retry'; projection: string }
  | { do: 'lose status'; projection: string }
  | { do: 'pause'; ms: number }
  | { do: 'settle' };

const projection = fc.constantFrom(...readModelNames);
const runner = fc.nat(1);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('register' as const) }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('change' as const),
      family: fc.nat(50),
      what: fc.nat(7),
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('rebuild' as const),
      projection,
      how: fc.constantFrom('switch' as const, 'switch' as const, 'only if same' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('crash rebuild' as const), projection, afterMs: fc.nat(80) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('roll back' as const), projection }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('start runner' as const), runner }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop runner' as const), runner }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash runner' as const), runner }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('delete documents' as const),
      projection,
      every: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('poison' as const), family: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('mend' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retry' as const), projection }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose status' as const), projection }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pause' as const), ms: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
);

/** A history of so many steps. */
export function history(steps: number): fc.Arbitrary<Step[]> {
  return fc.array(step, { minLength: Math.floor(steps / 2), maxLength: steps, size: 'max' });
}
