import type { mongo } from 'mongoose';
import { LOG_HEAD_ID } from './collections.js';
import { found, RESTORE_LOG, together, type Inspection } from './finding.js';

/**
 * Looks whether there are as many events as the head says. Positions begin at 1 and are unique, so where head and
 * last event agree, this number proves that none is missing between them.
 */
export async function inspectEventCount(log: mongo.Db, session: mongo.ClientSession): Promise<Inspection> {
  const events = log.collection('events');
  const head = await log
    .collection<{ _id: string; position: number }>('log_head')
    .findOne({ _id: LOG_HEAD_ID }, { session });
  const expected = head?.position ?? 0;
  // The number MongoDB keeps costs nothing, and may be off after a crash or while others write: then all are counted.
  const kept = await log.collection('events', { readConcern: { level: 'local' } }).estimatedDocumentCount();
  if (kept === expected) return together([]);
  const counted = await events.countDocuments({}, { session, hint: '_id_' });
  if (counted === expected) return together([]);
  return found('findings', {
    code: 'log-damaged',
    problem: `the log should hold ${expected} events, as its head says, and holds ${counted}`,
    remedy: RESTORE_LOG,
  });
}
