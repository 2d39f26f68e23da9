import mongoose from 'mongoose';
import { mendable } from '../../src/cli/mendable.js';
import { UserFacingError } from '../../src/config/user-facing-error.js';

const { MongoServerError } = mongoose.mongo;

describe('an error of the core, as a person is told of it', () => {
  it.each([
    ['SnapshotTooOld', 239, /took longer than MongoDB keeps/, /minSnapshotHistoryWindowInSeconds/],
    ['SnapshotUnavailable', 246, /at that moment/, /try again/],
  ])('says what to do about %s of MongoDB', (codeName, code, what, remedy) => {
    const error = mendable(new MongoServerError({ message: 'Read timestamp …', code, codeName }));
    expect(error).toBeInstanceOf(UserFacingError);
    const { message, remedies } = error as UserFacingError;
    expect(message).toMatch(what);
    expect(remedies.join()).toMatch(remedy);
  });

  it('is left as it is where nobody knows what to do', () => {
    const error = new Error('Odd');
    expect(mendable(error)).toBe(error);
  });
});
