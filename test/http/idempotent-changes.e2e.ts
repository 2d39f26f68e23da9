import { keyed, lasting, newKey } from '../support/idempotent-call.js';
import {
  PASSWORD,
  startTestService,
  type RegisteredFamily,
  type TestService,
} from '../support/test-service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

/** Every mutation of a family, on one that has a child. */
const mutations: [string, (family: RegisteredFamily, child: string) => [string, string, unknown]][] = [
  ['renaming a family', () => ['PATCH', '/v1/family', { name: 'New Name', locale: 'fr' }]],
  ['renaming it to its name', () => ['PATCH', '/v1/family', { name: 'The Testers' }]],
  ['adding a member', () => ['POST', '/v1/family/members', { role: 'parent', nickname: 'Omar' }]],
  ['renaming a member', (_, child) => ['PATCH', `/v1/family/members/${child}`, { nickname: 'New' }]],
  ['removing a member', (_, child) => ['DELETE', `/v1/family/members/${child}`, undefined]],
  [
    'changing the password',
    ({ password }) => ['POST', '/v1/family/password', { current: password, new: 'a new password' }],
  ],
  ['closing a family', () => ['POST', '/v1/family/close', { reason: 'moving' }]],
  ['reopening an open family', () => ['POST', '/v1/family/reopen', undefined]],
];

describe('every other mutation with an Idempotency-Key', () => {
  let family: RegisteredFamily;
  let child: string;

  beforeEach(async () => {
    family = await service.register();
    const body = { role: 'child', nickname: 'Nina' };
    child = (await service.call('POST', '/v1/family/members', { token: family.token, body })).body.member.id;
  });

  it.each(mutations)('%s: is answered again, and nothing happens twice', async (_what, request) => {
    const [method, path, body] = request(family, child);
    const options = keyed(newKey(), { token: family.token, ...(body === undefined ? {} : { body }) });
    const first = await service.call(method, path, options);
    const before = await service.countEvents();
    expect(first.status).toBeLessThan(300);
    // Something else in between must not show in the answer.
    await service.call('POST', '/v1/family/reopen', { token: family.token });
    const changes = await service.call('PATCH', '/v1/family', {
      token: family.token,
      body: { name: 'In Between' },
    });
    expect(changes.status).toBe(200);
    const after = await service.countEvents();
    expect(after).toBeGreaterThan(before);

    const again = await service.call(method, path, options);
    expect(lasting(again)).toEqual(lasting(first));
    expect(await service.countEvents()).toBe(after);
  });

  it.each(mutations)('%s: another request with its key is refused', async (_what, request) => {
    const [method, path, body] = request(family, child);
    const key = newKey();
    const { token } = family;
    await service.call(method, path, keyed(key, { token, ...(body === undefined ? {} : { body }) }));
    const before = await service.countEvents();
    const other = await service.call(
      'POST',
      '/v1/family/close',
      keyed(key, { token, body: { reason: 'other' } }),
    );
    expect([other.status, other.body.type]).toEqual([422, '/problems/idempotency-key-reused']);
    expect(await service.countEvents()).toBe(before);
  });

  it('five at the same moment add one member', async () => {
    const options = keyed(newKey(), { token: family.token, body: { role: 'child', nickname: 'Omar' } });
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => service.call('POST', '/v1/family/members', options)),
    );
    for (const answer of answers) expect(lasting(answer)).toEqual(lasting(answers[0]!));
    const { body } = await service.call('GET', '/v1/family', { token: family.token });
    expect(body.family.members).toHaveLength(3);
  });

  it('a retry is answered although its If-Match does not hold any more', async () => {
    const options = keyed(newKey(), {
      token: family.token,
      body: { name: 'New Name' },
      headers: { 'if-match': '"2"' },
    });
    const first = await service.call('PATCH', '/v1/family', options);
    expect(first.headers.get('etag')).toBe('"3"');
    expect(lasting(await service.call('PATCH', '/v1/family', options))).toEqual(lasting(first));
  });

  it('the key of another family is another key', async () => {
    const key = newKey();
    const other = await service.register();
    const names = await Promise.all(
      [family, other].map(async ({ token }, index) => {
        const body = { name: `Name ${index}` };
        return (await service.call('PATCH', '/v1/family', keyed(key, { token, body }))).body.family.name;
      }),
    );
    expect(names).toEqual(['Name 0', 'Name 1']);
  });

  it('is not remembered where it was refused', async () => {
    const key = newKey();
    const { token } = family;
    const change = (current: string) =>
      service.call(
        'POST',
        '/v1/family/password',
        keyed(key, { token, body: { current, new: 'a new password' } }),
      );
    expect((await change('not my password')).status).toBe(403);
    expect((await change(PASSWORD)).status).toBe(204);

    const nobody = keyed(newKey(), { token, body: {} });
    expect((await service.call('PATCH', '/v1/family/members/nobody', nobody)).status).toBe(404);
    const path = `/v1/family/members/${child}`;
    expect((await service.call('PATCH', path, nobody)).status).toBe(200);
  });
});
