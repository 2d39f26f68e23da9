import { setTimeout as sleep } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import { loadConfiguration, type Configuration } from './config/configuration.js';
import { createLogger } from './config/logger.js';
import { PinoNestLogger } from './config/pino-nest-logger.js';
import type { Reporter } from './config/reporter.js';
import type { Runtime } from './config/runtime.js';
import { loadSecrets, type Secrets } from './config/secrets.js';
import { UserFacingError } from './config/user-facing-error.js';
import { connectDatabase } from './database/connect.js';
import { openDatabase, type OpenDatabase } from './database/open-database.js';
import { isNewInstallation, verifyInstallation } from './database/installation.js';
import { verifyDatabase } from './database/verify.js';
import { readModelNames } from './families/read-models/index.js';
import { canonicalForm } from './families/claims/canonical-form.js';
import { configureServer, createAdapter } from './http/server/create-server.js';

/** How long requests under way may take to end when the service stops, in milliseconds. */
const STOP_WITHIN_MS = 10_000;

/** The running service. */
export interface RunningService {
  /** Where it listens, such as `http://127.0.0.1:3000`. */
  url: string;
  /** Tells the person at the terminal where everything is. */
  announce(): void;
  /** Ends the requests under way, the connections, and the embedded database where nobody else uses it. */
  stop(): Promise<void>;
}

/**
 * Starts everything in order: configuration, database, secrets, checks, HTTP. Nothing is served before
 * everything has been checked, and what was started is stopped again where a later step fails.
 * @throws UserFacingError for everything a person can mend
 */
export async function startService(env: NodeJS.ProcessEnv, reporter: Reporter): Promise<RunningService> {
  const configuration = loadConfiguration(env);
  const logger = createLogger(configuration.logLevel);
  const database = await openDatabase(configuration, {
    reporter,
    env,
    mayCreate: true,
    projections: readModelNames,
  });
  try {
    const secrets = await checkEverything(configuration, database, logger, reporter);
    const runtime = {
      configuration,
      secrets,
      serviceUri: await database.urlAs('service'),
      databaseName: database.name,
      logger,
    };
    const app = await createApp(runtime);
    await listen(app, configuration);
    const url = await app.getUrl();
    return {
      url,
      announce: () => announce(url, configuration, database, reporter),
      stop: async () => {
        await stopInOrder(app, database, STOP_WITHIN_MS);
        reporter.line(database.embedded === null ? 'Stopped' : 'Stopped, and every family is on disk');
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** The whole service, ready to listen: for `startService`, and for whoever has checked everything already. */
export async function createApp(runtime: Runtime): Promise<NestFastifyApplication> {
  const { logger } = runtime;
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(runtime), createAdapter(), {
    logger: new PinoNestLogger(logger),
    abortOnError: false,
    // Bodies are parsed as http/server/json-body.ts says.
    bodyParser: false,
  });
  configureServer(app, logger);
  return app;
}

/** Reads the secrets and refuses a database that is not as it has to be, or that other secrets made. */
async function checkEverything(
  configuration: Configuration,
  database: OpenDatabase,
  logger: Logger,
  reporter: Reporter,
): Promise<Secrets> {
  const client = await connectDatabase(await database.urlAs('service'));
  try {
    const { allowWritableLog } = configuration;
    const { warnings } = await verifyDatabase(client, database.name, {
      allowWritableLog,
      canonicalForm,
      projections: readModelNames,
    });
    for (const { problem, remedy } of warnings) {
      // On the terminal whatever LOG_LEVEL says, and as a line of the log for whoever collects those.
      reporter.line(`WARNING: ${problem}. ${remedy}.`);
      logger.warn({ problem, remedy }, 'start-up check');
    }
    const mayCreate = await isNewInstallation(client, database.name);
    const secrets = await loadSecrets(configuration, { mayCreate, reporter });
    await verifyInstallation(client, database.name, secrets);
    return secrets;
  } finally {
    await client.close();
  }
}

async function listen(app: NestFastifyApplication, { port, host }: Configuration): Promise<void> {
  try {
    await app.listen(port, host);
  } catch (error) {
    await app.close();
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE') {
      throw new UserFacingError(`Port ${port} on ${host} is taken by another program.`, {
        remedies: ['set PORT to another one, such as PORT=3001 npm start', 'or PORT=0 for any free one'],
        cause: error,
      });
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EACCES') {
      throw new UserFacingError(`This machine cannot listen on ${host}, port ${port} (${code}).`, {
        remedies: ['set HOST to an address of this machine: 127.0.0.1, or 0.0.0.0 for all of them'],
        cause: error,
      });
    }
    throw error;
  }
}

function announce(
  url: string,
  configuration: Configuration,
  { embedded }: OpenDatabase,
  reporter: Reporter,
): void {
  const database =
    embedded === null ? 'MONGODB_URI' : `embedded MongoDB ${embedded.version}, port ${embedded.port}`;
  reporter.line('');
  reporter.line('Family Accounts is ready.');
  reporter.line(`  API        ${url}`);
  reporter.line(`  API docs   ${url}/docs`);
  reporter.line(`  Database   ${database}; "npm run -s cli -- database url" prints how to reach it`);
  reporter.line(`  Data       ${configuration.dataDir}`);
  reporter.line('Ctrl-C stops it.');
}

/**
 * Ends the requests under way, for which it waits `withinMs` milliseconds at most, and then the use of the database:
 * also where the former fails, or an embedded server would be left running.
 * @throws what closing the app throws
 */
export async function stopInOrder(
  app: Pick<NestFastifyApplication, 'close'>,
  database: Pick<OpenDatabase, 'close'>,
  withinMs: number,
): Promise<void> {
  try {
    await atMost(withinMs, app.close());
  } finally {
    await database.close();
  }
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  const late = new AbortController();
  try {
    await Promise.race([
      work,
      sleep(ms, undefined, { signal: late.signal, ref: false }).catch(() => undefined),
    ]);
  } finally {
    late.abort();
  }
}
