import mongoose from 'mongoose';

const {
  MongoBulkWriteError,
  MongoError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoUnexpectedServerResponseError,
} = mongoose.mongo;

/**
 * Codes with which a server says that it, or what it was doing, is going away: unreachable hosts, shutdown,
 * interruption, no primary, time limits (MongoDB server error codes; the drivers' specification of retryable
 * errors has most of them).
 */
const AWAY = new Set([
  6, 7, 50, 89, 91, 189, 262, 290, 9001, 10058, 10107, 11600, 11601, 11602, 13435, 13436,
]);

/** What a socket says of a peer that is gone; where it is written to at that moment the driver passes it on bare. */
const SOCKET_GONE = new Set(['EPIPE', 'ECONNRESET', 'ECONNREFUSED', 'ETIMEDOUT', 'ERR_STREAM_DESTROYED']);

/** Whether an operation failed because the database did not answer as one that is there; another try may work. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof MongoError)) return isSocketGone(error);
  // The driver wraps whatever breaks a bulk write.
  if (error instanceof MongoBulkWriteError && error.errorResponse instanceof MongoError) {
    return isDatabaseAway(error.errorResponse);
  }
  return (
    error instanceof MongoNetworkError ||
    error instanceof MongoServerSelectionError ||
    error instanceof MongoNotConnectedError ||
    error instanceof MongoTopologyClosedError ||
    error instanceof MongoUnexpectedServerResponseError ||
    (typeof error.code === 'number' && AWAY.has(error.code)) ||
    error.hasErrorLabel('RetryableWriteError') ||
    error.hasErrorLabel('RetryableError')
  );
}

function isSocketGone(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'code' in error && SOCKET_GONE.has(String(error.code))
  );
}
