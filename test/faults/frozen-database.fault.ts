import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedStatus } from '../support/embedded-status.js';
import { killProcesses, startService } from '../support/service-process.js';
import { testDataDir } from '../support/test-data-dir.js';
import { PASSWORD, type AnyJson } from '../support/test-service.js';

/** What a client may rely on, in milliseconds. */
const PROMISED_MS = 10_000;

let folder: Awaited<ReturnType<typeof testDataDir>>;
beforeEach(async () => (folder = await testDataDir()));
afterEach(async () => {
  await killProcesses();
  await folder.remove();
});

it('answers everything within 10 s while MongoDB hangs, and says when to try again', async () => {
  const service = await startService({ dataDir: folder.path });
  let token = '';
  const call = async (method: string, path: string, body?: object, key?: string) => {
    const began = performance.now();
    const answer = await fetch(`${service.url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const json = (await answer.json()) as AnyJson;
    return {
      status: answer.status,
      again: answer.headers.get('retry-after'),
      ms: performance.now() - began,
      json,
    };
  };
  const family = { email: 'a@example.org', password: PASSWORD, familyName: 'The Frozen' };
  const registered = await call('POST', '/v1/families', family);
  expect(registered.status).toBe(201);
  token = registered.json.session.accessToken;

  const { pid = 0 } = await embeddedStatus(folder.path);
  process.kill(pid, 'SIGSTOP');
  try {
    const passwords = { current: PASSWORD, new: 'another password' };
    const answers = await Promise.all(
      [1, 2, 3, 4].flatMap((each) => [
        call('PATCH', '/v1/family', { name: `Name ${each}` }, `rename-${each}`),
        call('POST', '/v1/family/password', passwords, `password-${each}`),
        call('POST', '/v1/families', { ...family, email: `${each}@example.org` }, `family-${each}`),
        call('POST', '/v1/sessions', { email: family.email, password: PASSWORD }),
        call('GET', '/v1/family'),
      ]),
    );
    for (const { status, again, ms } of answers) {
      expect({ status, again }).toEqual({ status: 503, again: '2' });
      expect(ms).toBeLessThan(PROMISED_MS);
    }
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await sleep(1_000);
  expect(await call('GET', '/v1/family')).toMatchObject({ status: 200 });
}, 90_000);
