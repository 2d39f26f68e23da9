// A process of its own that rebuilds one projection, or rolls it back, when it is told to ("go" on its input), and says how
// it ended. Argument: JSON with uri, name, key (base64), projection, times, work: 'rebuild' or 'rollback', and stopAt: the
// phase in which it stops itself.
import { once } from 'node:events';
import { connectDatabase } from '../../dist/database/connect.js';
import { LogCollections } from '../../dist/event-log/log-collections.js';
import { FamilyEventDecoder } from '../../dist/families/read-models/family-event-decoder.js';
import { readModels } from '../../dist/families/read-models/index.js';
import { FamilyKeys } from '../../dist/privacy/family-keys.js';
import { ProjectionEngine } from '../../dist/projections/engine.js';
import { rebuild } from '../../dist/projections/rebuild/rebuild.js';
import { rollBack } from '../../dist/projections/rebuild/rollback.js';
import { logDatabaseOf } from '../../dist/database/database-names.js';

const { uri, name, key, projection, times, work, stopAt } = JSON.parse(process.argv[2]);
const client = await connectDatabase(uri);
const log = new LogCollections(client, logDatabaseOf(name));
const kek = { key: Buffer.from(key, 'base64'), fingerprint: 'test' };
const decoder = new FamilyEventDecoder(new FamilyKeys(log.db.collection('family_keys'), kek));
const engine = new ProjectionEngine(log, name, readModels, decoder, times);
await engine.statuses.findOne();
say({ is: 'ready' });
await once(process.stdin, 'data');
say({ is: 'begun' });
let stopped = false;
try {
  const onProgress = (phase) => {
    if (phase !== stopAt || stopped) return;
    stopped = true;
    say({ is: 'stopped' });
    // Only SIGCONT wakes it up again.
    process.kill(process.pid, 'SIGSTOP');
  };
  const chosen = engine.projection(projection);
  const report =
    work === 'rollback'
      ? await rollBack(engine, chosen, onProgress)
      : await rebuild(engine, chosen, { onProgress });
  say({ is: 'done', report });
} catch (error) {
  say({ is: 'failed', error: error.name, message: error.message });
}
await client.close();
process.exit();

function say(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
