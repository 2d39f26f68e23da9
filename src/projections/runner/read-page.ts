import type { RecordedEvent } from '../../event-log/event.js';
import { readLog } from '../../event-log/read/read-log.js';
import type { LogCollections } from '../../event-log/log-collections.js';

/** The next events after `after`, at most a page of them and none after `upTo`. @throws LogDamaged */
export async function readPage(
  log: LogCollections,
  after: number,
  upTo?: number,
): Promise<readonly RecordedEvent[]> {
  for await (const page of readLog(log, { after, ...(upTo === undefined ? {} : { upTo }) })) return page;
  return [];
}
