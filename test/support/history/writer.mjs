// A process that carries out the commands of a plan as the service does, and notes what it asks, sends and is told,
// each before it goes on. Says "ready", begins at "go" on its input, ends with its plan or at SIGTERM.
// Argument: JSON of WriterOptions (history-process.ts).
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { connectDatabase } from '../../../dist/database/connect.js';
import { isDatabaseAway } from '../../../dist/database/database-away.js';
import { logDatabaseOf } from '../../../dist/database/database-names.js';
import { EventLog } from '../../../dist/event-log/event-log.js';
import { LogCollections } from '../../../dist/event-log/log-collections.js';
import { DomainError } from '../../../dist/families/domain/errors.js';
import { FamiliesService } from '../../../dist/families/families.service.js';
import { familyStream, toNewEvent } from '../../../dist/families/family-stream.js';
import { FamilyEventDecoder } from '../../../dist/families/read-models/family-event-decoder.js';
import { readModels } from '../../../dist/families/read-models/index.js';
import { canonicalJson } from '../../../dist/idempotency/canonical-json.js';
import { IdempotencyKeys } from '../../../dist/idempotency/idempotency-keys.js';
import { FamilyKeys } from '../../../dist/privacy/family-keys.js';
import { ProjectionEngine } from '../../../dist/projections/engine.js';
import { ProjectionRunner } from '../../../dist/projections/runner/runner.js';
import { moveDate } from './move-date.mjs';
import { noteAppends, told } from './noting-log.mjs';
import { noteTo, now } from './write-notes.mjs';
import { acknowledgeEarly, takePositionsOutside } from './wrong-logs.mjs';

const options = JSON.parse(process.argv[2]);
const { uri, name, deadlineMs, callers, paceMs, from, again, wrong } = options;
moveDate(options.clockMs);
const plan = JSON.parse(readFileSync(options.plan, 'utf8'));
const note = noteTo(options.notes);

/** Another try under the same key may do better, or finds out what became of the first. */
const TRY_AGAIN = ['LogUnavailable', 'OutcomeUnknown', 'IdempotencyKeyInUse', 'RecordExists', 'DatabaseAway'];
const TRIES = 20;
const BETWEEN_TRIES_MS = 200;
/** Nobody signs in: hashing would only keep the writers from writing. */
const passwords = { waiting: 0, concurrency: 1, hash: () => Promise.resolve('$argon2id$none') };

const client = await connectDatabase(uri);
if (wrong?.writeConcern === 1) acknowledgeEarly(client);
const collections = new LogCollections(client, logDatabaseOf(name));
const kek = { key: Buffer.from(options.kek, 'base64'), fingerprint: 'test' };
const keys = new FamilyKeys(collections.db.collection('family_keys'), kek);
const log = new EventLog(collections, { deadlineMs });
if (wrong?.positionsOutsideMs !== undefined) takePositionsOutside(log, collections, wrong.positionsOutsideMs);
noteAppends(log, note);
const idempotencyKeys = new IdempotencyKeys(
  collections.db.collection('idempotency_keys'),
  Buffer.from(options.hmacKey, 'base64'),
  deadlineMs,
);
const families = new FamiliesService({ log, keys, idempotencyKeys }, passwords, deadlineMs);
const runner = options.follows ? startRunner() : null;

let stopping = false;
process.once('SIGTERM', () => (stopping = true));
process.stdout.write('ready\n');
await once(process.stdin, 'data');
process.stdin.destroy();
const left = [...plan.filter(({ id }) => again.includes(id)), ...plan.slice(from)];
await Promise.all(Array.from({ length: callers }, work));
await runner?.stop();
await log.close();
await client.close();
process.exit();

async function work() {
  for (let command = left.shift(); command !== undefined && !stopping; command = left.shift()) {
    await askUntilAnswered(command);
    if (paceMs > 0) await sleep(Math.random() * 2 * paceMs);
  }
}

async function askUntilAnswered(command) {
  const { id, key, email } = command;
  for (let tries = 1; ; tries += 1) {
    note({ is: 'asked', command: id, key, email });
    try {
      const answer = await carryOut(command);
      if (answer !== null) note({ is: 'answered', command: id, key, email, ...answer });
      return;
    } catch (error) {
      const { error: thrown, message } = told(error);
      const name = isDatabaseAway(error) ? 'DatabaseAway' : thrown;
      const isAgain = TRY_AGAIN.includes(name);
      // It was found by its claim.
      const isRefusal =
        (error instanceof DomainError && name !== 'FamilyNotFound') || name === 'VersionConflict';
      note({ is: 'declined', command: id, error: name, message, isExpected: isAgain || isRefusal });
      if (!isAgain || key === null || tries === TRIES || stopping) return;
    }
    await sleep(Math.random() * 2 * BETWEEN_TRIES_MS);
  }
}

async function carryOut(command) {
  const { id, key, email } = command;
  if (command.do === 'register') {
    const context = contextOf(id, key, 'nobody', command);
    const registration = { email, password: 'correct horse battery', familyName: 'A Family', locale: 'en' };
    return answerOf(await families.register(registration, { ...context, actor: null }));
  }
  const claim = await log.findClaim(email);
  if (claim === null) return null;
  if (claim === 'unknown') throw new Error('The claims are said to be wiped');
  const { family } = claim;
  if (command.do === 'change') {
    return answerOf(await families.change(family, contextOf(id, key, family, command), command.intents));
  }
  const since = now();
  const found = await families.find(family);
  note({ is: 'looked', stream: familyStream(family), version: found.version, since });
  if (command.do === 'append beside') await appendBeside(command, found);
  return null;
}

function contextOf(command, key, scope, body) {
  const request = { scope, key, method: 'POST', path: `/${body.do}`, body };
  return {
    actor: 'system:history',
    correlationId: randomUUID(),
    causationId: command,
    now: new Date(),
    idempotencyKey: key === null ? null : idempotencyKeys.identify(request),
  };
}

function answerOf({ family, changes, replayed }) {
  const { id, version, position } = family;
  return { stream: familyStream(id), version, position, changes: canonicalJson(changes), replayed };
}

async function appendBeside({ id: command, off }, { id, key, version }) {
  const expectedVersion = version + off;
  const renamed = {
    type: 'FamilyRenamed',
    data: {},
    personal: { familyName: randomBytes(8).toString('hex') },
  };
  await log.append({
    stream: familyStream(id),
    expectedVersion,
    events: [toNewEvent(id, expectedVersion + 1, key, renamed)],
    meta: {
      actor: 'system:history',
      commandId: randomUUID(),
      correlationId: randomUUID(),
      causationId: command,
    },
    now: new Date(),
  });
}

function startRunner() {
  const decoder = new FamilyEventDecoder(keys);
  const engine = new ProjectionEngine(collections, name, readModels, decoder, options.follows);
  const ignored = () => undefined;
  const error = ({ err }) => {
    // Whatever the database says passes, or shows in the read models in the end.
    if (!(err instanceof mongoose.mongo.MongoError)) note({ is: 'met', reader: 'projections', ...told(err) });
  };
  const follower = new ProjectionRunner(engine, randomUUID(), { info: ignored, warn: ignored, error });
  follower.start();
  return follower;
}
