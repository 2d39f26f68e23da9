import { readFileSync } from 'node:fs';
import { giveWay } from '../src/config/give-way.js';
import { connectDatabase } from '../src/database/connect.js';
import { logDatabaseOf } from '../src/database/database-names.js';
import { LogCollections } from '../src/event-log/log-collections.js';
import { FamilyEventDecoder } from '../src/families/read-models/family-event-decoder.js';
import { families } from '../src/families/read-models/families.js';
import { readModels } from '../src/families/read-models/index.js';
import { FamilyKeys } from '../src/privacy/family-keys.js';
import { ProjectionEngine } from '../src/projections/engine.js';
import { rebuild } from '../src/projections/rebuild/rebuild.js';
import type { Rebuilt, RebuilderArguments } from './rebuilder.js';

// A process that rebuilds `families` whenever it is told to, as an operator's command line does beside the service.
const { uri, name, kek } = JSON.parse(process.argv[2] ?? '{}') as RebuilderArguments;
const client = await connectDatabase(uri);
const log = new LogCollections(client, logDatabaseOf(name));
const keys = new FamilyKeys(log.db.collection('family_keys'), {
  key: Buffer.from(kek, 'base64'),
  fingerprint: 'bench',
});
const engine = new ProjectionEngine(log, name, readModels, new FamilyEventDecoder(keys));

giveWay();
process.on('message', () => {
  void rebuildOnce().then((rebuilt) => process.send?.(rebuilt));
});
process.on('disconnect', () => void client.close().then(() => process.exit()));
process.send?.('ready');

async function rebuildOnce(): Promise<Rebuilt> {
  const before = process.cpuUsage();
  const { seconds, events, documents, differences } = await rebuild(engine, families);
  const { user, system } = process.cpuUsage(before);
  return {
    seconds,
    events,
    documents,
    isSame: differences === null || differences.missing + differences.extra + differences.different === 0,
    cpuSeconds: (user + system) / 1e6,
    peakRssMb: peakRssMb(),
  };
}

/** From /proc: what `getrusage` says begins with the memory of the process that started this one. */
function peakRssMb(): number {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kilobytes) / 1_024;
}
