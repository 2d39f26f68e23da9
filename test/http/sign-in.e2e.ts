import { untilBuilt } from '../support/followed-projections.js';
import { PASSWORD, startTestService, uniqueEmail, type TestService } from '../support/test-service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

function signIn(email: unknown, password: unknown = PASSWORD): ReturnType<TestService['call']> {
  return service.call('POST', '/v1/sessions', { body: { email, password } });
}

describe('signing in', () => {
  it('answers 201 with the family and a session whose token works, and appends nothing', async () => {
    const { email, answer: registered } = await service.register();
    const before = await service.countEvents();
    const answer = await signIn(email);

    expect(answer.status).toBe(201);
    expect(Object.keys(answer.body)).toEqual(['family', 'session']);
    expect(answer.body.family).toEqual(registered.body.family);
    expect(answer.body.session).toEqual({
      accessToken: expect.any(String),
      tokenType: 'Bearer',
      expiresIn: 900,
    });
    expect(answer.headers.get('position')).toBe(registered.headers.get('position'));
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(await service.countEvents()).toBe(before);
    const shown = await service.call('GET', '/v1/family', { token: answer.body.session.accessToken });
    expect(shown.status).toBe(200);
  });

  it('takes the address in any spelling and the password in any normalisation', async () => {
    const password = 'el niño crece';
    const { email, id } = await service.register({ password: password.normalize('NFC') });
    const answer = await signIn(` ${email.toUpperCase()} `, password.normalize('NFD'));
    expect(answer.status).toBe(201);
    expect(answer.body.family.id).toBe(id);
  });

  it('takes a name for the device', async () => {
    const { email } = await service.register();
    const body = { email, password: PASSWORD, device: 'Kitchen tablet' };
    expect((await service.call('POST', '/v1/sessions', { body })).status).toBe(201);
  });

  it('answers whatever is wrong with the very same 401', async () => {
    const { email } = await service.register();
    const answers = await Promise.all([
      signIn(email, 'not the password'),
      signIn(email, 'x'),
      signIn(email, ''),
      signIn(email, 'x'.repeat(500)),
      signIn(email, `${PASSWORD}\u0000`),
      signIn(email, '\ud800'),
      signIn(uniqueEmail()),
      signIn('not an address'),
      signIn(''),
      signIn('@'),
      signIn('#claims'),
      signIn('#rebuild'),
      signIn('a\u0000@example.org'),
      signIn('\ud800@example.org'),
    ]);
    const [first, ...others] = answers.map(({ status, body, headers }) => {
      const { instance, ...rest } = body;
      expect(instance).toBe(`urn:uuid:${headers.get('x-correlation-id')}`);
      const told = Object.fromEntries(headers);
      for (const own of ['date', 'x-correlation-id']) delete told[own];
      return { status, rest, told };
    });
    expect(first).toMatchObject({
      status: 401,
      rest: {
        type: '/problems/invalid-credentials',
        title: 'The email address or the password is not right',
        status: 401,
      },
      told: { 'content-type': 'application/problem+json', 'www-authenticate': 'Bearer' },
    });
    for (const other of others) expect(other).toEqual(first);
  });

  it('lets a closed family in, which can then reopen itself', async () => {
    const { email, token } = await service.register();
    expect((await service.call('POST', '/v1/family/close', { token })).status).toBe(200);

    const answer = await signIn(email);
    expect(answer.status).toBe(201);
    expect(answer.body.family.status).toBe('closed');
    const reopened = await service.call('POST', '/v1/family/reopen', {
      token: answer.body.session.accessToken,
    });
    expect(reopened.status).toBe(200);
    expect(reopened.body.family.status).toBe('open');
  });
});

describe('while the claims are wiped', () => {
  let wiped: TestService;

  beforeAll(async () => {
    wiped = await startTestService();
    await untilBuilt(wiped.database);
  });
  afterAll(() => wiped.stop());

  it('answers 503 to sign-ins and registrations, never 401 or 201, and says so when asked for health', async () => {
    const { email, token } = await wiped.register();
    await wiped.database.rootClient.db(wiped.database.logName).collection('email_claims').deleteMany({});
    const before = await wiped.countEvents();
    const answers = await Promise.all([
      wiped.call('POST', '/v1/sessions', { body: { email, password: PASSWORD } }),
      wiped.call('POST', '/v1/sessions', { body: { email: uniqueEmail(), password: PASSWORD } }),
      wiped.call('POST', '/v1/sessions', { body: { email: 'no address', password: PASSWORD } }),
      wiped.call('POST', '/v1/families', { body: { email, password: PASSWORD, familyName: 'Doubles' } }),
      wiped.call('POST', '/v1/families', {
        body: { email: uniqueEmail(), password: PASSWORD, familyName: 'Others' },
      }),
    ]);

    for (const { status, body, headers } of answers) {
      expect({ status, type: body.type }).toEqual({ status: 503, type: '/problems/claims-missing' });
      expect(headers.get('retry-after')).toBe('10');
    }
    expect(await wiped.countEvents()).toBe(before);
    const health = await wiped.call('GET', '/health/ready');
    expect(health.body).toMatchObject({ status: 'degraded', alarms: [{ kind: 'claims-missing' }] });

    // What needs no claim goes on.
    const renamed = await wiped.call('PATCH', '/v1/family', { token, body: { name: 'Renamed' } });
    expect(renamed.status).toBe(200);
  });
});
