import { toRecordedEvent } from '../event-bytes.js';
import type { RecordedEvent } from '../event.js';
import { LogDamaged } from '../errors.js';
import type { LogCollections } from '../log-collections.js';

/**
 * The events of one stream in order, majority-committed, from version 1 to `toVersion` (default: the last).
 * An empty array for a stream that does not exist.
 * @throws LogDamaged where a version is missing: a state folded over a hole would be wrong without a sign.
 */
export async function readStream(
  { events }: LogCollections,
  stream: string,
  toVersion = Number.MAX_SAFE_INTEGER,
): Promise<RecordedEvent[]> {
  const documents = await events
    .find({ stream, version: { $lte: toVersion } })
    .sort({ version: 1 })
    .toArray();
  documents.forEach(({ version }, index) => {
    if (version !== index + 1) {
      throw new LogDamaged(`${stream} has version ${version} where ${index + 1} belongs`);
    }
  });
  return documents.map(toRecordedEvent);
}
