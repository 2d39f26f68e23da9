import type { IdempotencyKey } from '../idempotency/idempotency-keys.js';
import type { CommandOutcome, FamilyStore } from './carry-out.js';
import { familyOf, foldFamily, toFamilyEvent } from './family-stream.js';
import { FamilyKeyMissing } from './load-family.js';

/**
 * The answer that was given under this key, made again from the stream as it was then; null where none was.
 * Nothing of the answer itself is stored: neither tokens nor personal data outlive it.
 * @throws IdempotencyKeyReused where the key was used for another request
 */
export async function answerAgain(
  { log, keys, idempotencyKeys }: FamilyStore,
  key: IdempotencyKey,
): Promise<CommandOutcome | null> {
  const record = await idempotencyKeys.find(key);
  const id = record === null ? null : familyOf(record.stream);
  if (record === null || id === null) return null;
  const [events, dataKey] = await Promise.all([log.readStream(record.stream, record.version), keys.find(id)]);
  if (dataKey === null) throw new FamilyKeyMissing(id);
  return {
    family: {
      id,
      state: foldFamily(events, dataKey),
      version: record.version,
      position: events.at(-1)?.position ?? 0,
      key: dataKey,
    },
    changes: events.slice(record.fromVersion).map((event) => toFamilyEvent(event, dataKey)),
    replayed: true,
  };
}
