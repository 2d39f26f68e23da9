import { setTimeout as sleep } from 'node:timers/promises';
import { expectProblem } from '../support/expect-problem.js';
import { keyed, newKey, registration } from '../support/idempotent-call.js';
import {
  PASSWORD,
  startTestService,
  uniqueEmail,
  type Answer,
  type TestService,
} from '../support/test-service.js';

/** More than one core hashes while they arrive, and the queue besides. */
const CROWD = 700;

function signIns(service: TestService, count: number): Promise<Answer[]> {
  const signIn = (): Promise<Answer> =>
    service.call('POST', '/v1/sessions', { body: { email: uniqueEmail(), password: PASSWORD } });
  return Promise.all(Array.from({ length: count }, signIn));
}

describe('more passwords than can be hashed in time', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await startTestService({ env: { PASSWORD_HASH_QUEUE: '256', PASSWORD_HASH_CONCURRENCY: '1' } });
  });
  afterAll(() => service.stop());

  it('are answered 503 with Retry-After, those that fit are answered, and the service goes on', async () => {
    const answers = await signIns(service, CROWD);
    const refused = answers.filter(({ status }) => status === 503);
    const answered = answers.filter(({ status }) => status === 401);
    expect(refused.length + answered.length).toBe(CROWD);
    expect(answered.length).toBeGreaterThanOrEqual(257);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) {
      expectProblem(answer, 503, 'password-hashing-busy');
      expect(answer.headers.get('retry-after')).toBe('2');
    }
    expect((await service.register()).answer.status).toBe(201);
  }, 60_000);
});

describe('an Idempotency-Key whose first request is not answered by the deadline', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await startTestService({ env: { APPEND_DEADLINE_MS: '1000', PASSWORD_HASH_CONCURRENCY: '1' } });
  });
  afterAll(() => service.stop());

  it('is answered 409 to the second, and a retry gets what the first came to', async () => {
    // They keep the one that hashes busy for longer than the deadline.
    const busy = signIns(service, 250);
    const request = keyed(newKey(), registration());
    const first = service.call('POST', '/v1/families', request);
    const began = Date.now();
    const second = await service.call('POST', '/v1/families', request);
    expectProblem(second, 409, 'idempotency-key-in-use');
    expect(Date.now() - began).toBeGreaterThanOrEqual(950);
    // On a slow machine the first is told at the end of its own time that it is still under way.
    const { status, body } = await first;
    if (status !== 201) expect(body.type).toBe('/problems/outcome-unknown');
    await busy;
    let retried = await service.call('POST', '/v1/families', request);
    for (let tries = 0; tries < 20 && retried.status !== 201; tries += 1) {
      await sleep(500);
      retried = await service.call('POST', '/v1/families', request);
    }
    expect(retried.status).toBe(201);
    expect(await service.countEvents()).toBe(1);
  }, 60_000);
});
