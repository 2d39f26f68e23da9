import mongoose from 'mongoose';
import * as logErrors from '../../src/event-log/errors.js';
import { UnknownEventShape } from '../../src/families/domain/errors.js';
import { problemOfError } from '../../src/http/problems/problem-of-error.js';

const { MongoNetworkError } = mongoose.mongo;
const { RecordExists } = logErrors;
const answered = (error: unknown): unknown[] => {
  const { problem, headers } = problemOfError(error, 'about:blank');
  return [problem.status, problem.type.replace('/problems/', ''), headers['retry-after'] !== undefined];
};

describe('an error is answered', () => {
  it.each([
    ['a body that breaks off', { code: 'ECONNRESET', statusCode: 400 }, [400, 'invalid-request', false]],
    ['a socket of the driver that broke', { code: 'ECONNRESET' }, [503, 'database-unavailable', true]],
  ])('as what it is where a socket ends: %s', (_what, facts, expected) => {
    expect(answered(Object.assign(new Error('aborted'), facts))).toEqual(expected);
  });

  it.each([
    ['a connection that broke', new MongoNetworkError('closed'), 'database-unavailable'],
    [
      'an event of a newer version of the service',
      new UnknownEventShape('FamilyMoved', 1),
      'unknown-event-shape',
    ],
    ['the key of a family that was to be new', new RecordExists('family_keys', 'x'), 'log-unavailable'],
  ])('with 503 and when to try again where another try may work: %s', (_what, error, code) => {
    expect(answered(error)).toEqual([503, code, true]);
  });

  it('with 409 where another process stored the answer to this key first', () => {
    expect(answered(new RecordExists('idempotency_keys', 'x'))).toEqual([
      409,
      'idempotency-key-in-use',
      true,
    ]);
  });

  it('as a problem of its own whatever the log refuses', () => {
    // Families make EmailAlreadyClaimed of a ClaimTaken, and nobody throws the class all others extend.
    const { EventLogError: _, ClaimTaken: __, ...concrete } = logErrors;
    const codes = Object.values(concrete).map((error) => answered(Reflect.construct(error, ['', 0, 0]))[1]);
    expect(codes).toHaveLength(7);
    expect(codes).not.toContain('internal-error');
  });

  it('without its own words where they were not written for clients', () => {
    const foreign = Object.assign(new Error('/srv/app/secret.js: boom'), { statusCode: 400 });
    const { problem } = problemOfError(foreign, 'about:blank');
    expect(JSON.stringify(problem)).not.toContain('secret');
  });
});
