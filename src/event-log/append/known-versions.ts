import { LRUCache } from 'lru-cache';
import type { PendingAppend } from './batch.js';
import { LogDamaged, VersionConflict } from '../errors.js';
import { NO_STREAM } from '../event.js';
import type { LogCollections } from '../log-collections.js';

/** Streams whose version is remembered. */
const MAX_STREAMS = 20_000;

/**
 * Versions that streams are known to have reached. The unique index refuses an append that is too late; one
 * that is too early (its expected version not reached yet) would leave a hole and is refused here. Versions
 * only grow, so that what was once seen stays true.
 */
export class KnownVersions {
  private readonly reached = new LRUCache<string, number>({ max: MAX_STREAMS });

  /** Remembers that `stream` has reached `version`; an older version changes nothing. */
  see(stream: string, version: number): void {
    if (version > (this.reached.get(stream) ?? NO_STREAM)) this.reached.set(stream, version);
  }

  /**
   * Rejects the appends whose expected version their stream has not reached, and those to a stream with a hole:
   * nothing is written on top of one, nor into it.
   */
  async refuseUnreached(collections: LogCollections, batch: readonly PendingAppend[]): Promise<void> {
    const isUnseen = ({ request }: PendingAppend): boolean =>
      request.expectedVersion > (this.reached.get(request.stream) ?? NO_STREAM);
    const unseen = batch.filter(isUnseen);
    if (unseen.length === 0) return;
    const extents = await readExtents(
      collections,
      unseen.map(({ request }) => request.stream),
    );
    for (const pending of unseen) {
      const { stream, expectedVersion } = pending.request;
      const { version, events } = extents.get(stream) ?? { version: NO_STREAM, events: 0 };
      if (events === version) this.see(stream, version);
      else pending.reject(new LogDamaged(`${stream} has ${events} events up to version ${version}`));
      if (isUnseen(pending)) pending.reject(new VersionConflict(stream, expectedVersion, version));
    }
  }
}

/** The last version of each of these streams that exists. */
export async function currentVersions(
  collections: LogCollections,
  streams: readonly string[],
): Promise<Map<string, number>> {
  const extents = await readExtents(collections, streams);
  return new Map([...extents].map(([stream, { version }]) => [stream, version]));
}

/** A stream's last version, and how many events it has: as many, or there is a hole. */
interface Extent {
  version: number;
  events: number;
}

async function readExtents(
  { events }: LogCollections,
  streams: readonly string[],
): Promise<Map<string, Extent>> {
  const found = events.aggregate<Extent & { _id: string }>([
    { $match: { stream: { $in: [...streams] } } },
    { $group: { _id: '$stream', version: { $max: '$version' }, events: { $sum: 1 } } },
  ]);
  const extents = new Map<string, Extent>();
  for await (const { _id, ...extent } of found) extents.set(_id, extent);
  return extents;
}
