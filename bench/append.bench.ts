import type { mongo } from 'mongoose';
import { familyStream } from '../src/families/family-stream.js';
import type { BenchLog } from './bench-log.js';
import { quantile, rate } from './figures.js';
import { newRegistrations, registrationAppend, type Registration } from './registering.js';
import { appendInTransactionOfItsOwn } from './transaction-per-command.js';

const CALLERS = 64;
const MANY_CALLERS = 256;

/** Appends per round: enough for a second or so of each way. */
const COUNTS = { plain: 3_000, perCommand: 150, append: 6_000, many: 8_000, alone: 300 };

/** Rates per second of each round; latencies of one caller in milliseconds. */
export interface AppendFigures {
  insertOne: number[];
  transactionPerCommand: number[];
  append: number[];
  appendWithNewKey: number[];
  appendMany: number[];
  aloneP50: number[];
  aloneP99: number[];
}

/**
 * Appending a registration (event, claim, chain, seal) against a plain insert of the same event and against
 * a transaction per command. The ways take turns within every round, so that what else the machine does
 * meets them alike.
 */
export async function measureAppends(bench: BenchLog, rounds: number): Promise<AppendFigures> {
  const figures: AppendFigures = {
    insertOne: [],
    transactionPerCommand: [],
    append: [],
    appendWithNewKey: [],
    appendMany: [],
    aloneP50: [],
    aloneP99: [],
  };
  // What runs for the first time is compiled, and connections are opened.
  await plainInserts(bench, COUNTS.plain);
  await appends(bench, CALLERS, COUNTS.append);
  await perCommand(bench, COUNTS.perCommand);
  for (let round = 0; round < rounds; round += 1) {
    figures.insertOne.push(await plainInserts(bench, COUNTS.plain));
    figures.append.push(await appends(bench, CALLERS, COUNTS.append));
    figures.appendWithNewKey.push(await appendsWithNewKey(bench, CALLERS, COUNTS.append));
    figures.transactionPerCommand.push(await perCommand(bench, COUNTS.perCommand));
    figures.appendMany.push(await appends(bench, MANY_CALLERS, COUNTS.many));
    const latencies = await aloneLatencies(bench);
    figures.aloneP50.push(quantile(latencies, 0.5));
    figures.aloneP99.push(quantile(latencies, 0.99));
  }
  return figures;
}

/** The event as it is, in the clear, under an id of its own: no claim, no order, no chain, no seal. */
function plainInserts({ plain }: BenchLog, count: number): Promise<number> {
  const collection = plain.collection<mongo.Document & { _id: string }>('plain_events');
  return rate(CALLERS, newRegistrations(count), ({ family, event: { type, data, personal }, meta }) =>
    collection.insertOne(
      {
        _id: family,
        stream: familyStream(family),
        version: 1,
        type,
        schema: 1,
        at: new Date(),
        data,
        personal,
        meta,
      },
      { writeConcern: { w: 'majority', journal: true } },
    ),
  );
}

/** To families whose keys exist already. */
function appends({ log, keys }: BenchLog, callers: number, count: number): Promise<number> {
  return rate(callers, withKeys(keys, count), ({ registration, key }) =>
    log.append(registrationAppend(registration, key)),
  );
}

/** As a registration does it: the family's key is made, wrapped and stored with the event. */
function appendsWithNewKey({ log, keys }: BenchLog, callers: number, count: number): Promise<number> {
  return rate(callers, newRegistrations(count), (registration) => {
    const { key, alongside } = keys.create(registration.family, new Date());
    return log.append({ ...registrationAppend(registration, key), alongside: [alongside] });
  });
}

function perCommand({ collectionsWithMoreConnections, keys }: BenchLog, count: number): Promise<number> {
  return rate(CALLERS, withKeys(keys, count), ({ registration, key }) =>
    appendInTransactionOfItsOwn(collectionsWithMoreConnections, registrationAppend(registration, key)),
  );
}

async function aloneLatencies({ log, keys }: BenchLog): Promise<number[]> {
  const latencies: number[] = [];
  for (const { registration, key } of withKeys(keys, COUNTS.alone)) {
    const began = performance.now();
    await log.append(registrationAppend(registration, key));
    latencies.push(performance.now() - began);
  }
  return latencies;
}

function withKeys(keys: BenchLog['keys'], count: number): { registration: Registration; key: Buffer }[] {
  return newRegistrations(count).map((registration) => ({
    registration,
    key: keys.create(registration.family, new Date()).key,
  }));
}
