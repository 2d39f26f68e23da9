import mongoose, { type mongo } from 'mongoose';
import { isDatabaseAway } from '../../src/database/database-away.js';

const { MongoBulkWriteError, MongoNetworkError, MongoServerError } = mongoose.mongo;
const withCode = (code: unknown): Error => Object.assign(new Error('This socket has been ended'), { code });
/** As the driver wraps what breaks a bulk write. */
const inBulk = (error: mongo.MongoError): Error =>
  new MongoBulkWriteError(error, {} as mongo.BulkWriteResult);

describe('a database that is away', () => {
  it.each([
    ['a connection that broke', new MongoNetworkError('closed')],
    ['a server that shuts down', new MongoServerError({ code: 11600, message: 'InterruptedAtShutdown' })],
    ['an operation that was interrupted', new MongoServerError({ code: 11601, message: 'Interrupted' })],
    ['a connection that broke in a bulk write', inBulk(new MongoNetworkError('read ECONNRESET'))],
    ['a socket that ended while it was written to', withCode('EPIPE')],
  ])('is told by %s', (_, error) => {
    expect(isDatabaseAway(error)).toBe(true);
  });

  it.each([
    ['a duplicate key', new MongoServerError({ code: 11000, message: 'E11000' })],
    ['a duplicate key in a bulk write', inBulk(new MongoServerError({ code: 11000, message: 'E11000' }))],
    ['a missing right', new MongoServerError({ code: 13, message: 'not authorized' })],
    ['a missing file', withCode('ENOENT')],
    ['nothing at all', undefined],
  ])('is not told by %s', (_, error) => {
    expect(isDatabaseAway(error)).toBe(false);
  });
});
