import * as domainErrors from '../../src/families/domain/errors.js';
import { problemKinds } from '../../src/http/problems/problem-kinds.js';

/** Reaches nobody over HTTP: it is about the log, and answered as our own fault. */
const INTERNAL = ['family-already-registered', 'unknown-event-shape'];

describe('the kinds of problems', () => {
  it('hold every code with which the domain refuses', () => {
    const { DomainError, ...concrete } = domainErrors;
    const codes = Object.values(concrete)
      .map((error) => Reflect.construct(error, ['', 0]) as InstanceType<typeof DomainError>)
      .map(({ code }) => code);
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.filter((code) => !(code in problemKinds) && !INTERNAL.includes(code))).toEqual([]);
  });
});
