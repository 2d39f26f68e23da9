import type { IdempotencyKey } from '../idempotency/idempotency-keys.js';
import type { CommandOutcome, FamilyStore } from './carry-out.js';
import { familyOf } from './family-stream.js';
import { loadFamilyAsOf } from './load-family.js';

/**
 * The answer that was given under this key, made again from the stream as it was then; null where none was.
 * Nothing of the answer itself is stored: neither tokens nor personal data outlive it.
 * @throws IdempotencyKeyReused where the key was used for another request; and what `loadFamily` throws
 */
export async function answerAgain(
  { log, keys, idempotencyKeys }: FamilyStore,
  key: IdempotencyKey,
): Promise<CommandOutcome | null> {
  const record = await idempotencyKeys.find(key);
  const id = record === null ? null : familyOf(record.stream);
  if (record === null || id === null) return null;
  const { family, events } = await loadFamilyAsOf(log, keys, id, record.version);
  return { family, changes: events.slice(record.fromVersion), replayed: true };
}
