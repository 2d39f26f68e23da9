import type { mongo } from 'mongoose';

/** Why no server could be chosen, as far as the driver saw; and the way out where there is a particular one. */
export interface Unreachable {
  readonly why: string;
  readonly remedy?: string;
}

/** What each server of the connection string said, or did not say. */
export function whyUnreachable(error: Error & { reason?: mongo.TopologyDescription }): Unreachable {
  const { reason } = error;
  const servers = [...(reason?.servers.values() ?? [])];
  const errors = servers.flatMap((server) => (server.error === null ? [] : [server.error.message]));
  const direct = reason?.type === 'Single';
  if (servers.some(({ type }) => type === 'RSGhost')) {
    return {
      why: 'the server belongs to a replica set that has not been initiated',
      remedy: 'run rs.initiate() on it once, with mongosh',
    };
  }
  // A member of another set is dropped from the list; over a direct connection it stays there, unnamed.
  if (typeof reason?.setName === 'string' && errors.length === 0 && (direct || servers.length === 0)) {
    return {
      why: `no server there belongs to the replica set ${reason.setName}`,
      remedy:
        'correct replicaSet=… in the connection string, or start the server with --replSet and initiate the set',
    };
  }
  if (errors.length > 0) return { why: [...new Set(errors)].join('; ') };
  return servers.length > 0 ? { why: 'the replica set has no primary' } : { why: error.message };
}
