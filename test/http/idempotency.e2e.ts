import { keyed, lasting, newKey, registration } from '../support/idempotent-call.js';
import { PASSWORD, startTestService, uniqueEmail, type TestService } from '../support/test-service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

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
