// A process that follows a log in three ways and notes what it sees, as it sees it, until SIGTERM: the plain driver at
// the primary and at a secondary, which would not notice a gap, and the service's own reader, which must never meet one.
// Argument: JSON of ReaderOptions (history-process.ts).
import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { connectDatabase } from '../../../dist/database/connect.js';
import { isDatabaseAway } from '../../../dist/database/database-away.js';
import { logDatabaseOf } from '../../../dist/database/database-names.js';
import { LogCollections } from '../../../dist/event-log/log-collections.js';
import { readLog } from '../../../dist/event-log/read/read-log.js';
import { told } from './noting-log.mjs';
import { noteTo } from './write-notes.mjs';

const { uri, name, notes } = JSON.parse(process.argv[2]);
const note = noteTo(notes);
const POLL_MS = 10;
const PAGE = 1_000;

let stopping = false;
process.once('SIGTERM', () => (stopping = true));
const client = await connectDatabase(uri);
process.stdout.write('ready\n');
await Promise.all([
  follow('primary', plainReader('primary')),
  follow('secondary', plainReader('secondaryPreferred')),
  follow('readLog', ownReader()),
]);
await client.close();
process.exit();

async function follow(reader, readAfter) {
  let last = 0;
  while (!stopping) {
    try {
      const events = await readAfter(last);
      if (events.length > 0) note({ is: 'saw', reader, events });
      last = events.at(-1)?.[0] ?? last;
    } catch (error) {
      // A reader of the wrong kind would say so for ever.
      if (!isDatabaseAway(error)) note({ is: 'met', reader, ...told(error) });
      await sleep(100);
    }
    await sleep(POLL_MS);
  }
}

/** Whatever has a higher position than the last one, as every sort of reader finds it that trusts positions. */
function plainReader(readPreference) {
  const readConcern = new mongoose.mongo.ReadConcern('majority');
  const events = client
    .db(logDatabaseOf(name), { readConcern, readPreference })
    .collection('events', { promoteLongs: true });
  return async (last) => {
    const found = await events
      .find(
        { _id: { $gt: mongoose.mongo.Long.fromNumber(last) } },
        { projection: { hash: 1 }, sort: { _id: 1 }, limit: PAGE },
      )
      .toArray();
    return found.map(({ _id, hash }) => [Number(_id), short(hash.buffer)]);
  };
}

function ownReader() {
  const collections = new LogCollections(client, logDatabaseOf(name));
  return async (last) => {
    for await (const page of readLog(collections, { after: last })) {
      return page.map(({ position, hash }) => [position, short(hash)]);
    }
    return [];
  };
}

function short(hash) {
  return Buffer.from(hash).toString('hex').slice(0, 16);
}
