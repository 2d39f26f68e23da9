import {
  PASSWORD,
  startTestService,
  uniqueEmail,
  type Answer,
  type CallOptions,
  type RegisteredFamily,
  type TestService,
} from '../support/test-service.js';

let service: TestService;
let keys = 0;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

function newKey(): string {
  keys += 1;
  return `a-key-of-a-client-${keys}`;
}

/** What a retry must give again. */
function lasting({ status, headers, body }: Answer): unknown {
  const told = ['position', 'etag', 'location'].map((name) => headers.get(name));
  return { status, told, body: body?.session === undefined ? body : { ...body, session: undefined } };
}

function registration(overrides: Record<string, unknown> = {}): { body: Record<string, unknown> } {
  return { body: { email: uniqueEmail(), password: PASSWORD, familyName: 'The Testers', ...overrides } };
}

function keyed(key: string, options: CallOptions = {}): CallOptions {
  return { ...options, headers: { ...options.headers, 'idempotency-key': key } };
}

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

describe('a registration with an Idempotency-Key', () => {
  it('is answered again with the same family, a fresh session, and no second event', async () => {
    const key = newKey();
    const request = keyed(key, registration());
    const first = await service.call('POST', '/v1/families', request);
    const before = await service.countEvents();
    const again = await service.call('POST', '/v1/families', request);

    expect(first.status).toBe(201);
    expect(lasting(again)).toEqual(lasting(first));
    expect(await service.countEvents()).toBe(before);
    const { accessToken } = again.body.session;
    expect((await service.call('GET', '/v1/family', { token: accessToken })).status).toBe(200);
  });

  it('is answered as it was then, whatever happened to the family since', async () => {
    const request = keyed(newKey(), registration());
    const first = await service.call('POST', '/v1/families', request);
    const token: string = first.body.session.accessToken;
    await service.call('PATCH', '/v1/family', { token, body: { name: 'Renamed Since' } });
    await service.call('POST', '/v1/family/close', { token });
    expect(lasting(await service.call('POST', '/v1/families', request))).toEqual(lasting(first));
  });

  it('gives no session to somebody whose password was changed since', async () => {
    const request = keyed(newKey(), registration());
    const first = await service.call('POST', '/v1/families', request);
    await service.call('POST', '/v1/family/password', {
      token: first.body.session.accessToken,
      body: { current: PASSWORD, new: 'a new password' },
    });
    const again = await service.call('POST', '/v1/families', request);
    expect([again.status, again.body.type]).toEqual([401, '/problems/invalid-credentials']);
    expect(again.text).not.toMatch(/accessToken|family"/);
  });

  it('waits where the same one is under way, and gets the first one’s answer', async () => {
    const request = keyed(newKey(), registration());
    const before = await service.countEvents();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => service.call('POST', '/v1/families', request)),
    );
    for (const answer of answers) expect(lasting(answer)).toEqual(lasting(answers[0]!));
    expect(answers[0]!.status).toBe(201);
    expect(await service.countEvents()).toBe(before + 1);
  });

  it('is done once where two processes get it at the same moment', async () => {
    const { database, secrets } = service;
    const other = await startTestService({ database, secrets });
    try {
      for (let round = 0; round < 3; round += 1) {
        const request = keyed(newKey(), registration());
        const before = await service.countEvents();
        const [one, two] = await Promise.all([
          service.call('POST', '/v1/families', request),
          other.call('POST', '/v1/families', request),
        ]);
        expect(one.status).toBe(201);
        expect(lasting(two)).toEqual(lasting(one));
        expect(await service.countEvents()).toBe(before + 1);
      }
    } finally {
      await other.stop();
    }
  });

  it('is refused with 422 where the key came with another request', async () => {
    const key = newKey();
    const { body } = registration();
    await service.call('POST', '/v1/families', keyed(key, { body }));
    const before = await service.countEvents();
    for (const change of [{ password: 'another password' }, { locale: 'de' }, { email: uniqueEmail() }]) {
      const answer = await service.call('POST', '/v1/families', keyed(key, { body: { ...body, ...change } }));
      expect([answer.status, answer.body.type]).toEqual([422, '/problems/idempotency-key-reused']);
    }
    expect(await service.countEvents()).toBe(before);
  });

  it('is the same request in whatever order its fields come', async () => {
    const key = newKey();
    const { body } = registration();
    const first = await service.call('POST', '/v1/families', keyed(key, { body }));
    const turned = Object.fromEntries(Object.entries(body).reverse());
    const again = await service.call('POST', '/v1/families', keyed(key, { body: turned }));
    expect(lasting(again)).toEqual(lasting(first));
  });

  it('is not remembered where it was refused', async () => {
    const key = newKey();
    const taken = await service.register();
    const refused = await service.call(
      'POST',
      '/v1/families',
      keyed(key, registration({ email: taken.email })),
    );
    expect(refused.status).toBe(409);
    const invalid = await service.call(
      'POST',
      '/v1/families',
      keyed(key, registration({ password: 'short' })),
    );
    expect(invalid.status).toBe(400);
    const mended = await service.call('POST', '/v1/families', keyed(key, registration()));
    expect(mended.status).toBe(201);
  });
});

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

describe('an Idempotency-Key', () => {
  it.each([
    ['empty', '', 400],
    ['an empty string', '""', 400],
    ['with a space', 'two words', 400],
    ['with letters beyond ASCII', 'cl\u00e9', 400],
    ['of 256 characters', 'k'.repeat(256), 400],
    ['of 255 characters', 'k'.repeat(255), 201],
    ['of visible characters', '!#$%&()*+,-./:;<=>?@[]^_`{|}~', 201],
  ])('that is %s is answered as it must be', async (_what, key, status) => {
    const before = await service.countEvents();
    const answer = await service.call('POST', '/v1/families', keyed(key, registration()));
    expect(answer.status).toBe(status);
    expect(await service.countEvents()).toBe(status === 201 ? before + 1 : before);
  });

  it('means the same with quotes and without', async () => {
    const key = newKey();
    const request = registration();
    const first = await service.call('POST', '/v1/families', keyed(key, request));
    const again = await service.call('POST', '/v1/families', keyed(`"${key}"`, request));
    expect(lasting(again)).toEqual(lasting(first));
  });

  it('leaves nothing that can be read, and goes after a day', async () => {
    const key = newKey();
    const { body } = registration({ familyName: 'Unmistakable' });
    const began = Date.now();
    await service.call('POST', '/v1/families', keyed(key, { body }));
    const records = await service.database.rootClient
      .db(service.database.logName)
      .collection('idempotency_keys')
      .find()
      .toArray();

    const text = JSON.stringify(records);
    for (const secret of [key, 'a-key-of', body['email'], PASSWORD, 'Unmistakable', '@example.org']) {
      expect(text).not.toContain(secret);
    }
    const last = records.at(-1)!;
    expect(Object.keys(last).sort()).toEqual(
      ['_id', 'at', 'expiresAt', 'fingerprint', 'fromVersion', 'stream', 'version'].sort(),
    );
    expect(last['expiresAt'].getTime() - began).toBeGreaterThan(86_390_000);
  });
});
