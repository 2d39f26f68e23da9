import mongoose, { type mongo } from 'mongoose';

/** MongoDB's error codes that are told apart here (src/mongo/base/error_codes.yml). */
export const MONGO_CODE = {
  unauthorized: 13,
  authenticationFailed: 18,
  namespaceNotFound: 26,
  namespaceExists: 48,
  maxTimeMsExpired: 50,
  indexOptionsConflict: 85,
  indexKeySpecsConflict: 86,
  writeConflict: 112,
  commandNotSupportedOnView: 166,
  snapshotTooOld: 239,
  snapshotUnavailable: 246,
  collectionUuidMismatch: 361,
  duplicateKey: 11000,
  roleExists: 51002,
  userExists: 51003,
} as const;

/** Set-up by several processes at once meets these; another try does not. */
const PASSING = new Set<number>([
  46, // LockBusy
  MONGO_CODE.writeConflict,
  117, // ConflictingOperationInProgress
  251, // NoSuchTransaction
  276, // IndexBuildAborted
  314, // ObjectIsBusy
]);

/** The server's code of an error; undefined for an error that is not the server's. */
function codeOf(error: unknown): number | undefined {
  if (!(error instanceof mongoose.mongo.MongoServerError)) return undefined;
  return typeof error.code === 'number' ? error.code : undefined;
}

/** Whether the error has one of these codes. */
export function hasCode(error: unknown, ...codes: readonly number[]): error is mongo.MongoServerError {
  const code = codeOf(error);
  return code !== undefined && codes.includes(code);
}

/** Whether the same operation may well succeed when tried again. */
export function mayPassByRetry(error: unknown): boolean {
  const code = codeOf(error);
  return (
    (code !== undefined && PASSING.has(code)) ||
    (error instanceof mongoose.mongo.MongoError &&
      (error.hasErrorLabel('RetryableWriteError') || error.hasErrorLabel('TransientTransactionError')))
  );
}
