import { PASSWORD, startTestService, uniqueEmail, type TestService } from '../support/test-service.js';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

describe('registering a family', () => {
  it('answers 201 with the family and a session, and nothing else', async () => {
    const email = 'Maria.García+list@Example.ORG';
    const answer = await service.call('POST', '/v1/families', {
      body: { email, password: PASSWORD, familyName: '  The  Garcías ', locale: 'es-es' },
    });

    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      family: {
        id: expect.stringMatching(UUID_V7),
        email,
        name: 'The Garcías',
        locale: 'es-ES',
        status: 'open',
        members: [
          {
            id: expect.stringMatching(UUID_V7),
            role: 'owner',
            nickname: null,
            birthYear: null,
            joinedAt: expect.stringMatching(ISO),
            version: 1,
          },
        ],
        createdAt: expect.stringMatching(ISO),
      },
      session: {
        accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        tokenType: 'Bearer',
        expiresIn: 900,
      },
    });
    expect(Object.keys(answer.body.family)).toEqual([
      'id',
      'email',
      'name',
      'locale',
      'status',
      'members',
      'createdAt',
    ]);
  });

  it('tells where the family is, its version, and the position in the log', async () => {
    const before = await service.countEvents();
    const { answer, token } = await service.register();

    expect(answer.headers.get('location')).toBe('/v1/family');
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.headers.get('position')).toBe(String(before + 1));
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const shown = await service.call('GET', '/v1/family', { token });
    expect(shown.body).toEqual({ family: answer.body.family });
  });

  it('speaks English where no locale is given', async () => {
    const { answer } = await service.register();
    expect(answer.body.family.locale).toBe('en');
  });

  it('issues a token of at most 15 minutes, signed with EdDSA under a key id', async () => {
    const { token, owner, id } = await service.register();
    const [header, payload] = token
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));

    expect(header).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: expect.stringMatching(/^[\w-]{16}$/) });
    expect(payload).toMatchObject({ sub: owner, family: id, iss: 'family-accounts' });
    expect(payload.exp - payload.iat).toBe(900);
  });
});

describe('registering an address that another family has', () => {
  it.each([
    ['the same', (name: string) => `${name}@example.org`],
    ['in capitals', (name: string) => `${name.toUpperCase()}@EXAMPLE.ORG`],
    ['with spaces around it', (name: string) => `  ${name}@example.org\t`],
    [
      'in full-width letters',
      (name: string) =>
        `${name.replace(/[a-z]/g, (letter) => String.fromCodePoint(letter.charCodeAt(0) + 0xfee0))}@example.org`,
    ],
    ['with an ideographic full stop in the domain', (name: string) => `${name}@example。org`],
  ])('is refused when it is written %s', async (_how, write) => {
    const name = uniqueEmail().split('@')[0]!;
    await service.register({ email: `${name}@example.org` });
    const before = await service.countEvents();

    const answer = await service.call('POST', '/v1/families', {
      body: { email: write(name), password: PASSWORD, familyName: 'Others' },
    });

    expect(answer.status).toBe(409);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toEqual({
      type: '/problems/email-already-claimed',
      title: 'A family with this email address exists already',
      status: 409,
      instance: expect.stringMatching(/^urn:uuid:/),
    });
    expect(await service.countEvents()).toBe(before);
  });

  it('is refused to all but one of ten that ask at the same moment', async () => {
    const body = { email: uniqueEmail(), password: PASSWORD, familyName: 'Racers' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => service.call('POST', '/v1/families', { body })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
  });
});

describe('what cannot be registered', () => {
  it.each([
    ['an address without a domain', { email: 'maria@' }, 'invalid-email-address'],
    ['an address with a quoted local part', { email: '"maria"@example.org' }, 'invalid-email-address'],
    ['an address with a zero-width space', { email: 'ma\u200bria@example.org' }, 'invalid-email-address'],
    ['an address with a null byte', { email: 'maria\u0000@example.org' }, 'invalid-email-address'],
    [
      'an address of more than 254 bytes',
      { email: `a@${'b'.repeat(63)}.`.padEnd(260, 'c') },
      'invalid-email-address',
    ],
    ['a password of seven characters', { password: '1234567' }, 'invalid-password'],
    ['a password of 129 characters', { password: 'x'.repeat(129) }, 'invalid-password'],
    ['a name of nothing but spaces', { familyName: ' \u200b ' }, 'invalid-name'],
    ['a name of 101 characters', { familyName: 'x'.repeat(101) }, 'invalid-name'],
    ['a locale that is none', { locale: 'not a locale' }, 'invalid-locale'],
  ])('%s is refused with its own problem, and nothing of it is repeated', async (_what, wrong, code) => {
    const before = await service.countEvents();
    const body = { email: uniqueEmail(), password: PASSWORD, familyName: 'The Testers', ...wrong };
    const answer = await service.call('POST', '/v1/families', { body });

    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ type: `/problems/${code}`, status: 400 });
    for (const value of Object.values(wrong)) expect(answer.text).not.toContain(value);
    expect(await service.countEvents()).toBe(before);
  });
});
