import { LRUCache } from 'lru-cache';
import type { PendingAppend } from './batch.js';
import { VersionConflict } from '../errors.js';
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

  /** Rejects the appends whose expected version their stream has not reached. */
  async refuseUnreached(collections: LogCollections, batch: readonly PendingAppend[]): Promise<void> {
    const isUnseen = ({ request }: PendingAppend): boolean =>
      request.expectedVersion > (this.reached.get(request.stream) ?? NO_STREAM);
    const unseen = batch.filter(isUnseen);
    if (unseen.length === 0) return;
    const versions = await currentVersions(
      collections,
      unseen.map(({ request }) => request.stream),
    );
    for (const [stream, version] of versions) this.see(stream, version);
    for (const pending of unseen.filter(isUnseen)) {
      const { stream, expectedVersion } = pending.request;
      pending.reject(new VersionConflict(stream, expectedVersion, versions.get(stream) ?? NO_STREAM));
    }
  }
}

/** The last version of each of these streams that exists. */
export async function currentVersions(
  { events }: LogCollections,
  streams: readonly string[],
): Promise<Map<string, number>> {
  const found = events.aggregate<{ _id: string; version: number }>([
    { $match: { stream: { $in: [...streams] } } },
    { $group: { _id: '$stream', version: { $max: '$version' } } },
  ]);
  const versions = new Map<string, number>();
  for await (const { _id, version } of found) versions.set(_id, version);
  return versions;
}
