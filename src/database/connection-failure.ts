import mongoose from 'mongoose';
import { redactUri } from '../config/mongodb-uri.js';
import { UserFacingError } from '../config/user-facing-error.js';
import { logDatabaseOf } from './database-names.js';
import { hasCode, MONGO_CODE } from './mongo-codes.js';
import { whyUnreachable } from './why-unreachable.js';

const { MongoAPIError, MongoError, MongoNetworkError, MongoParseError, MongoRuntimeError } = mongoose.mongo;

/** Why no client could be made of this connection string; anything else as it came. No message holds a password. */
export function unusableUri(uri: string, error: unknown): unknown {
  if (error instanceof MongoAPIError) {
    return new UserFacingError(`This connection string cannot be used: ${redactUri(uri)}: ${error.message}`, {
      remedies: ['add what is missing to it, or leave that option out'],
      cause: error,
    });
  }
  const isMistyped =
    error instanceof MongoParseError || error instanceof MongoRuntimeError || error instanceof TypeError;
  if (!isMistyped) return error;
  // Neither its message nor itself is passed on: they may quote the string.
  return new UserFacingError(`This is no MongoDB connection string that can be used: ${redactUri(uri)}`, {
    remedies: [
      'look at its hosts and ports: a port is a number up to 65535',
      'look at its options: one of them may be misspelt or contradict another',
    ],
  });
}

/** Why no connection was made, and the way out; a failure that is nobody's to mend as it came. */
export function connectionFailure(uri: string, error: unknown): unknown {
  const shown = redactUri(uri);
  if (hasCode(error, MONGO_CODE.authenticationFailed)) {
    return new UserFacingError(`MongoDB refuses this user or password: ${shown}`, {
      remedies: [
        'make sure that the password is the one in DATA_DIR/secrets/database-users.json, percent-encoded',
        `make sure that authSource names the database the user lives in (${logDatabaseOf('<name>')} for ours, admin for root)`,
        'run "family-accounts database init" with MONGODB_ADMIN_URI if the users were not made yet',
      ],
      cause: error,
    });
  }
  if (error instanceof mongoose.mongo.MongoServerSelectionError || error instanceof MongoNetworkError) {
    const { why, remedy } = whyUnreachable(error);
    return new UserFacingError(`MongoDB does not answer at ${shown}: ${why}`, {
      remedies:
        remedy === undefined
          ? [
              'start the server, or set MONGODB_URI to one that runs',
              'look at the replica set (rs.status()): it has no primary while a majority of its members is away',
            ]
          : [remedy],
      cause: error,
    });
  }
  if (error instanceof MongoError) {
    return new UserFacingError(`MongoDB cannot be used in this way: ${shown}: ${error.message}`, {
      remedies: ['look at the options of the connection string, authMechanism and tls above all'],
      cause: error,
    });
  }
  return failureOfTheSystem(shown, error) ?? error;
}

/** What the system could not find: a name, or a file that the connection string names. */
function failureOfTheSystem(shown: string, error: unknown): UserFacingError | undefined {
  const { code, syscall = '', path } = factsOf(error);
  if (code === undefined) return undefined;
  if (syscall.startsWith('query')) {
    return new UserFacingError(
      `MongoDB does not answer at ${shown}: its name cannot be looked up in DNS (${code})`,
      {
        remedies: [
          'look at the name: mongodb+srv:// wants one with SRV records, mongodb:// lists the servers themselves',
          'look at the network of this machine',
        ],
        cause: error,
      },
    );
  }
  if (path === undefined && code !== 'EISDIR') return undefined;
  return new UserFacingError(
    `A file that ${shown} names cannot be read: ${path ?? 'it is a folder'} (${code})`,
    {
      remedies: ['correct tlsCAFile, tlsCertificateKeyFile or tlsCRLFile, or let this user read the file'],
      cause: error,
    },
  );
}

function factsOf(error: unknown): { code?: string; syscall?: string; path?: string } {
  return typeof error === 'object' && error !== null ? error : {};
}
