import type { mongo } from 'mongoose';
import { describeSeconds } from '../config/pace.js';
import { logDatabaseOf } from '../database/database-names.js';
import { LogCollections } from '../event-log/log-collections.js';
import { readModels } from '../families/read-models/index.js';
import { ProjectionEngine } from '../projections/engine.js';
import { SLOTS, slotCollection } from '../projections/generations/status.js';
import { overviewOf, type ProjectionOverview } from '../projections/inspect/overview.js';
import { populationOf } from '../projections/inspect/population.js';
import { structuralProblems } from '../projections/inspect/structural-problems.js';
import type { Projection } from '../projections/projection.js';
import type { Check } from './check.js';
import { howMany } from './how-many.js';
import { versionRemedy } from './version-remedy.js';
import { opensNothing } from './with-projections.js';

/** A running service is behind by less than a second: this far, nobody follows the log. In seconds. */
const FAR_BEHIND_SECONDS = 30;

/** Looks at every projection, without reading what is in its documents. @throws LogDamaged without a head */
export async function examineProjections(client: mongo.MongoClient, name: string): Promise<Check[]> {
  const log = new LogCollections(client, logDatabaseOf(name));
  const engine = new ProjectionEngine(log, name, readModels, opensNothing);
  const checks = await Promise.all(readModels.map((projection) => examineOne(engine, projection)));
  return [...checks.flat(), ...(await examineSetAside(engine))];
}

async function examineOne(engine: ProjectionEngine, projection: Projection): Promise<Check[]> {
  const { name } = projection;
  const overview = await overviewOf(engine, projection, new Date());
  const { live } = overview;
  if (live === null) return [await examineNotLive(engine, overview)];
  const problems = await structuralProblems(engine, projection, live.slot);
  const population = await populationOf(engine, name);
  if (population !== null && population.counted !== population.expected) {
    problems.push(
      `it holds ${howMany(population.counted, 'document')}, and the log tells of ${population.expected}`,
    );
  }
  const checks = [
    ...problems.map((problem): Check => ({
      state: 'problem',
      what: `Projection ${name}: ${problem}`,
      remedy: rebuildOf(name),
    })),
    ...examineOverview(overview),
  ];
  if (checks.length > 0) return checks;
  return [
    {
      state: 'ok',
      what: `Projection ${name}: ${howMany(live.documents, 'document')}, as many as there should be`,
    },
  ];
}

async function examineNotLive(engine: ProjectionEngine, overview: ProjectionOverview): Promise<Check> {
  const { projection: name, state, rebuild } = overview;
  const what = `Projection ${name}`;
  if (state === 'building' && rebuild?.running === true) {
    return { state: 'warning', what: `${what}: is being built for the first time`, remedy: 'wait' };
  }
  const names = [name, ...SLOTS.map((slot) => slotCollection(name, slot))];
  const left = await engine.db.listCollections({ name: { $in: names } }, { nameOnly: true }).toArray();
  // What it was built into is there: somebody has removed the status.
  if (state === 'not built' && left.length > 0) {
    return { state: 'problem', what: `${what}: its status is missing`, remedy: rebuildOf(name) };
  }
  const remedy = `start the service, which builds it; or ${rebuildOf(name)}`;
  return { state: 'warning', what: `${what}: has not been built yet`, remedy };
}

function examineOverview({
  projection: name,
  state,
  reason,
  live,
  version,
  lag,
  quarantined,
  rebuild,
}: ProjectionOverview): Check[] {
  const checks: Check[] = [];
  const add = (check: Check): number => checks.push({ ...check, what: `Projection ${name}: ${check.what}` });
  if (state === 'stopped') {
    const remedy =
      'run the version of the service that wrote this event, or a newer one; it goes on from there';
    add({ state: 'problem', what: `stopped. ${reason ?? ''}`, remedy });
  }
  if (state === 'version differs' && live !== null) {
    add({
      state: 'warning',
      what: reason ?? state,
      remedy: versionRemedy(name, live.version, version),
    });
  }
  if (quarantined > 0) {
    add({
      state: 'problem',
      what: `${howMany(quarantined, 'parked stream')}: it cannot take an event of theirs`,
      remedy:
        `look at them with "family-accounts projections quarantine list ${name}"; after a fix ` +
        `"family-accounts projections quarantine retry ${name}"`,
    });
  }
  if (state === 'live' && lag !== null && lag.seconds > FAR_BEHIND_SECONDS) {
    add({
      state: 'warning',
      what: `is ${howMany(lag.events, 'event')} behind the log, by ${describeSeconds(lag.seconds)}`,
      remedy: 'start the service, which follows the log; if it runs, look at what it logs',
    });
  }
  if (rebuild?.running === false) {
    add({
      state: 'warning',
      what: `a rebuild was left unfinished, begun at ${rebuild.startedAt.toISOString()}`,
      remedy: `${rebuildOf(name)}: it goes on with it`,
    });
  }
  return checks;
}

/** Whoever wrote into a view's place may miss it. */
async function examineSetAside({ db }: ProjectionEngine): Promise<Check[]> {
  const found = await db.listCollections({ name: /\.set-aside-/ }, { nameOnly: true }).toArray();
  return found.map(({ name }) => ({
    state: 'warning',
    what: `${db.databaseName}.${name} stood where a view belongs, and was set aside`,
    remedy: 'look at what is in it, then drop it as an administrator',
  }));
}

function rebuildOf(name: string): string {
  return `run "family-accounts projections rebuild ${name}"`;
}
