import type { mongo } from 'mongoose';
import { UserFacingError } from '../config/user-facing-error.js';

/** Below this, several of the commands that are used here do not exist. */
export const OLDEST_MAJOR = 6;

export interface ServerFacts {
  /** `6.0.5` */
  readonly version: string;
  readonly versionNumbers: readonly number[];
}

/**
 * What is known about the server, once it is one this service can run on.
 * @throws UserFacingError for a standalone, a replica set that was not initiated, or MongoDB before 6.0.
 */
export async function requireSuitableServer(client: mongo.MongoClient): Promise<ServerFacts> {
  const admin = client.db('admin');
  const hello = await admin.command({ hello: 1 });
  const { version, versionArray } = (await admin.command({ buildInfo: 1 })) as {
    version: string;
    versionArray: number[];
  };
  if ((versionArray[0] ?? 0) < OLDEST_MAJOR) {
    throw new UserFacingError(`This server is MongoDB ${version}; 6.0 or later is needed.`, {
      remedies: ['upgrade the server one major version at a time', 'or set MONGODB_URI to another server'],
    });
  }
  if (hello['isreplicaset'] === true) {
    throw new UserFacingError('This MongoDB belongs to a replica set that has not been initiated.', {
      remedies: ['run rs.initiate() on it once, with mongosh'],
    });
  }
  // mongos, in front of a sharded cluster, has no set of its own.
  if (hello['setName'] === undefined && hello['msg'] !== 'isdbgrid') {
    throw new UserFacingError('This MongoDB is not a member of a replica set, so it has no transactions.', {
      remedies: [
        'start it with --replSet rs0 and run rs.initiate() on it once: one member is enough',
        'or unset MONGODB_URI: the service then starts a server of its own',
      ],
    });
  }
  return { version, versionNumbers: versionArray };
}
