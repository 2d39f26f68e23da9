import * as domainErrors from '../../src/families/domain/errors.js';
import { problemKinds, type ProblemCode } from '../../src/http/problems/problem-kinds.js';
import { HttpProblem } from '../../src/http/problems/problem.js';

/** Reaches nobody over HTTP: it is about the log, and answered as our own fault. */
const INTERNAL = ['family-already-registered'];

describe('the kinds of problems', () => {
  it('hold every code with which the domain refuses', () => {
    const { DomainError, ...concrete } = domainErrors;
    const codes = Object.values(concrete)
      .map((error) => Reflect.construct(error, ['', 0]) as InstanceType<typeof DomainError>)
      .map(({ code }) => code);
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.filter((code) => !(code in problemKinds) && !INTERNAL.includes(code))).toEqual([]);
  });

  it('hold every code with which HTTP refuses, which is a matter of types', () => {
    type Taken = ConstructorParameters<typeof HttpProblem>[0];
    // Types are checked by `npm run check`: were any text taken, `never` would take no value.
    const onlyKnown: ProblemCode extends Taken ? (Taken extends ProblemCode ? true : never) : never = true;
    expect([onlyKnown, new HttpProblem('not-found').code]).toEqual([true, 'not-found']);
  });
});
