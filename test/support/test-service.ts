import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { pino } from 'pino';
import { loadConfiguration } from '../../src/config/configuration.js';
import type { Secrets } from '../../src/config/secrets.js';
import { verifyInstallation } from '../../src/database/installation.js';
import type { IssuedSession } from '../../src/sessions/access-tokens.js';
import { createApp } from '../../src/start-service.js';
import { GivenAnswers } from './documented-answers.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** An answer of the service, its body parsed where it is JSON. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** Undefined for an empty body and for one that is not JSON. */
  body: AnyJson;
}

/** JSON whose fields are looked at without further ado. */
export type AnyJson = ReturnType<typeof JSON.parse>;

export interface CallOptions {
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as they are, without a content type, in place of `body`. */
  bytes?: string | Uint8Array;
  token?: string | undefined;
  headers?: Record<string, string>;
}

/** A family that was registered for a test, and what it takes to speak for it. */
export interface RegisteredFamily {
  id: string;
  owner: string;
  email: string;
  password: string;
  token: string;
  session: IssuedSession;
  /** The whole first answer. */
  answer: Answer;
}

/** The whole service in this process, on an installation of its own. */
export interface TestService {
  readonly url: string;
  readonly port: number;
  readonly database: TestDatabase;
  readonly secrets: Secrets;
  readonly httpServer: Server;
  /** What the service logged, line by line. */
  readonly logged: readonly string[];
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Registers a family with an address nobody else has. @throws Error where that does not succeed */
  register(overrides?: Record<string, unknown>): Promise<RegisteredFamily>;
  /** Events stored so far. */
  countEvents(): Promise<number>;
  /**
   * Stops the service; drops the database unless it was passed in.
   * @throws Error where a call was answered with what `/openapi.json` does not list for it
   */
  stop(): Promise<void>;
}

export interface TestServiceOptions {
  /** Share it, with `secrets`, to have a second process of one installation. */
  database?: TestDatabase;
  secrets?: Secrets;
  env?: Record<string, string>;
}

export const PASSWORD = 'correct horse battery staple';

let families = 0;

/** An address nobody else has in this test run. */
export function uniqueEmail(): string {
  families += 1;
  return `family-${families}-${randomBytes(4).toString('hex')}@example.org`;
}

/** New secrets, as a first start makes them. */
export function testSecrets(): Secrets {
  return {
    keyEncryptionKey: randomBytes(32),
    keyEncryptionKeySource: 'environment',
    serviceSecret: randomBytes(32),
  };
}

/** Starts the service in a fraction of a second. Call `stop` in `afterAll`. */
export async function startTestService(options: TestServiceOptions = {}): Promise<TestService> {
  const database = options.database ?? (await createTestDatabase());
  const secrets = options.secrets ?? testSecrets();
  await verifyInstallation(await database.clientAs('service'), database.name, secrets);
  const logged: string[] = [];
  const configuration = loadConfiguration({ PORT: '0', DATA_DIR: '/nonexistent', ...options.env });
  const app = await createApp({
    configuration,
    secrets,
    serviceUri: database.uriAs('service'),
    databaseName: database.name,
    logger: pino({ level: configuration.logLevel }, { write: (line: string) => void logged.push(line) }),
  });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const given = new GivenAnswers();
  const call = async (method: string, path: string, callOptions?: CallOptions): Promise<Answer> => {
    const answer = await callService(`${url}${path}`, method, callOptions);
    given.note(method, path, answer);
    return answer;
  };
  return {
    url,
    port: Number(new URL(url).port),
    database,
    secrets,
    httpServer: app.getHttpServer(),
    logged,
    call,
    register: (overrides) => register(call, overrides),
    countEvents: () => database.rootClient.db(database.logName).collection('events').countDocuments(),
    stop: async () => {
      const document = (await callService(`${url}/openapi.json`, 'GET')).body;
      await app.close();
      if (options.database === undefined) await database.drop();
      const undocumented = given.undocumented(document);
      if (undocumented.length > 0) throw new Error(`Not in /openapi.json: ${undocumented.join('; ')}`);
    },
  };
}

async function callService(
  url: string,
  method: string,
  { body, bytes, token, headers }: CallOptions = {},
): Promise<Answer> {
  // Bytes, because fetch gives text a content type of its own.
  const sent = bytes ?? (body === undefined ? undefined : JSON.stringify(body));
  const content = sent === undefined ? undefined : new Uint8Array(Buffer.from(sent));
  const answer = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(content === undefined ? {} : { body: content }),
  });
  const text = await answer.text();
  const isJson = (answer.headers.get('content-type') ?? '').includes('json');
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    body: isJson && text !== '' ? JSON.parse(text) : undefined,
  };
}

async function register(
  call: TestService['call'],
  overrides: Record<string, unknown> = {},
): Promise<RegisteredFamily> {
  const email = uniqueEmail();
  const body = { email, password: PASSWORD, familyName: 'The Testers', ...overrides };
  const answer = await call('POST', '/v1/families', { body });
  if (answer.status !== 201) throw new Error(`Registration was answered ${answer.status}: ${answer.text}`);
  const { family, session } = answer.body;
  return {
    id: family.id,
    owner: family.members[0].id,
    email: body.email,
    password: body.password,
    token: session.accessToken,
    session,
    answer,
  };
}
