import { createHash } from 'node:crypto';
import mongoose from 'mongoose';
import { OutcomeUnknown } from '../../../dist/event-log/errors.js';

/** How the log may refuse an append while everything is as it must be. */
const EXPECTED = new Set(['VersionConflict', 'ClaimTaken', 'RecordExists', 'LogUnavailable']);

/** Has every append of `log` noted before it is sent, and its outcome before the caller hears of it. */
export function noteAppends(log, note) {
  const append = log.append.bind(log);
  log.append = async (request) => {
    const { commandId, causationId } = request.meta;
    note({
      is: 'sent',
      append: commandId,
      command: causationId,
      stream: request.stream,
      expectedVersion: request.expectedVersion,
      events: request.events.map((event) => ({ type: event.type, payload: payloadHash(event) })),
    });
    try {
      const stored = await append(request);
      note({ is: 'stored', append: commandId, position: stored.position, version: stored.version });
      return stored;
    } catch (error) {
      if (error instanceof OutcomeUnknown) note({ is: 'unknown', append: commandId });
      else note({ is: 'refused', append: commandId, ...told(error), isExpected: EXPECTED.has(error.name) });
      throw error;
    }
  };
}

export function told(error) {
  return { error: String(error?.name), message: String(error?.message ?? error) };
}

/** Over the bytes as they are stored; the checker takes them from there. */
function payloadHash({ data, sealed }) {
  const { Binary, BSON } = mongoose.mongo;
  const stored = { data, ...(sealed === undefined ? {} : { sealed: new Binary(sealed) }) };
  return createHash('sha256')
    .update(BSON.serialize(stored, { ignoreUndefined: true }))
    .digest('hex');
}
