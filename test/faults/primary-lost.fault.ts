import { checkLog } from '../support/check-log.js';
import { untilBuilt } from '../support/followed-projections.js';
import { until } from '../support/until.js';
import { keyed, newKey, registration } from '../support/idempotent-call.js';
import { expectKept, startLoad } from '../support/load.js';
import { outOfPlace } from '../support/registering.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import {
  PASSWORD,
  startTestService,
  type Answer,
  type CallOptions,
  type TestService,
} from '../support/test-service.js';
import { startThreeNodeSet, type ThreeNodeSet } from '../support/three-node-set.js';

/** Registrations that are acknowledged before the primary is lost, and again after it. */
const ACKNOWLEDGED = 30;
/** What a client may rely on, in milliseconds; what the client itself needs on a busy machine comes on top. */
const ANSWERED_WITHIN_MS = 10_000 + 2_000;

describe('on three nodes', () => {
  let set: ThreeNodeSet;
  let database: TestDatabase;
  let service: TestService;

  beforeAll(async () => {
    set = await startThreeNodeSet();
    database = await createTestDatabase(set.rootUri);
    service = await startTestService({ database });
    await untilBuilt(database);
  }, 60_000);

  afterAll(async () => {
    await service.stop();
    await database.drop();
    await set.stop();
  }, 60_000);

  it('a primary that hangs or is killed under load loses nothing, and is told as nothing but "not now"', async () => {
    const before = await service.countEvents();
    const load = startLoad(service.url, { name: 'failover', concurrency: 8 });
    await load.acknowledged(ACKNOWLEDGED);
    const asleep = await set.primary();
    asleep.putToSleep();
    await load.acknowledged(acknowledged(load.calls) + ACKNOWLEDGED);
    asleep.wakeUp();
    const primary = await set.primary(asleep);
    await primary.kill();
    await load.acknowledged(acknowledged(load.calls) + ACKNOWLEDGED);
    const calls = await load.stop();
    await primary.start();

    expect(outOfPlace(calls.map(({ outcome }) => outcome ?? null))).toEqual({});
    await expectKept(service.url, calls);
    const { problems, events } = await checkLog(database.rootClient, database.logName);
    expect(problems).toEqual([]);
    expect(events - before).toBe(calls.length);
  }, 90_000);

  it('every call is answered 503 in time while there is no primary, and as ever once there is one again', async () => {
    const family = await service.register();
    const options = { token: family.token };
    const member = await service.call('POST', '/v1/family/members', { ...options, body: NINA });
    const calls = await everyCall(service, { ...family, member: member.body.member.id });
    expect(calls.length).toBeGreaterThan(10);

    const secondaries = await set.secondaries();
    await Promise.all(secondaries.map((node) => node.kill()));
    await until(async () => (await service.call('GET', '/health/ready')).status === 503);
    const answers = await Promise.all(calls.map((call) => ask(service, call, family.token)));
    await Promise.all(secondaries.map((node) => node.start()));
    for (const { call, status, again, ms } of answers) {
      expect({ call, status, again }).toEqual({ call, status: 503, again: expect.stringMatching(/^\d+$/) });
      expect(ms).toBeLessThan(ANSWERED_WITHIN_MS);
    }
    expect((await service.call('GET', '/health/live')).status).toBe(200);

    await set.primary();
    await until(async () => (await service.call('GET', '/health/ready')).status === 200);
    // One after the other, as their order is that of a family's life.
    for (const one of calls) {
      const { call, status, text } = await ask(service, one, family.token);
      if (status >= 300) throw new Error(`${call} was answered ${status} ${text}`);
    }
    const { problems } = await checkLog(database.rootClient, database.logName);
    expect(problems).toEqual([]);
  }, 90_000);
});

function acknowledged(calls: ReturnType<typeof startLoad>['calls']): number {
  return calls.filter(({ outcome }) => outcome?.status === 201).length;
}

/** A call as its documentation says that it is made, under a key of its own where it changes something. */
interface Call extends CallOptions {
  method: string;
  path: string;
}

const NINA = { role: 'child', nickname: 'Nina' };

/** Bodies that succeed whatever happened before: a call may have been carried out though nobody was told. */
const bodiesOf = (email: string): Readonly<Record<string, object>> => ({
  'post /v1/sessions': { email, password: PASSWORD },
  'post /v1/families': registration().body,
  'patch /v1/family': { name: 'The Patient' },
  'post /v1/family/password': { current: PASSWORD, new: PASSWORD },
  'post /v1/family/close': {},
  'post /v1/family/reopen': {},
  'post /v1/family/members': NINA,
  'patch /v1/family/members/{id}': { nickname: 'Nina María' },
});

/** What needs no database, and what has a test of its own for that. */
const WITHOUT_DATABASE = ['get /health/live', 'get /problems', 'get /problems/{code}'];

/** Every call of the API that needs the database. */
async function everyCall(
  service: TestService,
  { email, member }: { email: string; member: string },
): Promise<Call[]> {
  const bodies = bodiesOf(email);
  const { paths } = (await service.call('GET', '/openapi.json')).body;
  const operations = Object.entries<Record<string, unknown>>(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method, path })),
  );
  return operations
    .filter(({ method, path }) => !WITHOUT_DATABASE.includes(`${method} ${path}`))
    .map(({ method, path }) => {
      const body = bodies[`${method} ${path}`];
      const options = body === undefined ? {} : { body };
      const keyedOptions = method === 'get' ? options : keyed(newKey(), options);
      return { method: method.toUpperCase(), path: path.replace('{id}', member), ...keyedOptions };
    });
}

async function ask(
  service: TestService,
  { method, path, ...options }: Call,
  token: string,
): Promise<{ call: string; status: number; text: string; again: string | null; ms: number }> {
  const began = performance.now();
  const answer: Answer = await service.call(method, path, { token, ...options });
  const again = answer.headers.get('retry-after');
  const { status, text } = answer;
  return { call: `${method} ${path}`, status, text, again, ms: performance.now() - began };
}
