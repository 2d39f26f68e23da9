import { createHash, createHmac, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import { deriveKey } from '../../src/config/secrets.js';
import { AccessTokens } from '../../src/sessions/access-tokens.js';
import { expectProblem } from '../support/expect-problem.js';
import { startTestService, type RegisteredFamily, type TestService } from '../support/test-service.js';

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const ISSUER = 'family-accounts';

let service: TestService;
let family: RegisteredFamily;

beforeAll(async () => {
  service = await startTestService();
  family = await service.register();
});
afterAll(() => service.stop());

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function signingKeys() {
  const seed = deriveKey(service.secrets.serviceSecret, 'access-tokens');
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return { privateKey, publicKey, kid: createHash('sha256').update(spki).digest('base64url').slice(0, 16) };
}

/** A token of the service's own key, right in everything but what is given. */
function forge(header: Record<string, unknown>, payload: Record<string, unknown> = {}): Promise<string> {
  const { privateKey, kid } = signingKeys();
  const now = Math.floor(Date.now() / 1000);
  const right = { family: family.id, sub: family.owner, iss: ISSUER, iat: now, exp: now + 900 };
  return new SignJWT({ ...right, ...payload })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid, ...header })
    .sign(privateKey);
}

function hs256WithPublicKey(format: 'pem' | 'der'): string {
  const { publicKey, kid } = signingKeys();
  const secret =
    format === 'pem'
      ? publicKey.export({ format, type: 'spki' })
      : publicKey.export({ format, type: 'spki' });
  const [, payload] = family.token.split('.');
  const signed = `${base64url({ alg: 'HS256', typ: 'at+jwt', kid })}.${payload}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

describe('an access token', () => {
  it('made by this very test is taken, so that what is refused below is refused for its fault', async () => {
    const answer = await service.call('GET', '/v1/family', { token: await forge({}) });
    expect(answer.status).toBe(200);
  });

  const refused: [string, () => string | Promise<string>][] = [
    ['is garbage', () => 'garbage'],
    ['has empty parts', () => '..'],
    [
      'has the algorithm none',
      () => `${base64url({ alg: 'none', typ: 'at+jwt' })}.${family.token.split('.')[1]}.`,
    ],
    ['is signed with HS256 and the public key in PEM', () => hs256WithPublicKey('pem')],
    ['is signed with HS256 and the public key in DER', () => hs256WithPublicKey('der')],
    ['names another key', () => forge({ kid: 'AAAAAAAAAAAAAAAA' })],
    ['names no key', () => forge({ kid: undefined })],
    ['is of another type', () => forge({ typ: 'JWT' })],
    ['has expired', () => forge({}, { iat: 1_000_000_000, exp: 1_000_000_900 })],
    ['never expires', () => forge({}, { exp: undefined })],
    ['is from another issuer', () => forge({}, { iss: 'somebody-else' })],
    ['speaks for nobody', () => forge({}, { sub: undefined })],
    ['speaks for no family', () => forge({}, { family: undefined })],
    ['has an operator for a family', () => forge({}, { family: { $gt: '' } })],
    [
      'is of another installation',
      async () => {
        const others = new AccessTokens(randomBytes(32), { issuer: ISSUER, ttlSeconds: 900 });
        const { accessToken } = await others.issue({ family: family.id, member: family.owner }, new Date());
        return accessToken;
      },
    ],
    [
      'was changed after it was signed',
      () => {
        const [header, payload, signature] = family.token.split('.');
        const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString());
        return `${header}.${base64url({ ...claims, family: family.id.replace(/.$/, '0') })}.${signature}x`;
      },
    ],
  ];

  it.each(refused)('that %s is refused', async (_what, make) => {
    const answer = await service.call('GET', '/v1/family', { token: await make() });
    expectProblem(answer, 401, 'not-authenticated');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each([
    ['nothing', {}],
    ['another scheme', { authorization: 'Basic dXNlcjpwYXNz' }],
    ['no token', { authorization: 'Bearer' }],
    ['two tokens', { authorization: 'Bearer a b' }],
  ])('is asked for where there is %s', async (_what, headers: Record<string, string>) => {
    const calls: [string, string][] = [
      ['GET', '/v1/family'],
      ['PATCH', '/v1/family'],
      ['GET', '/v1/family/members'],
      ['GET', '/v1/family/members/x'],
      ['POST', '/v1/family/members'],
      ['PATCH', '/v1/family/members/x'],
      ['DELETE', '/v1/family/members/x'],
      ['POST', '/v1/family/password'],
      ['POST', '/v1/family/close'],
      ['POST', '/v1/family/reopen'],
    ];
    for (const [method, path] of calls) {
      expectProblem(await service.call(method, path, { headers }), 401, 'not-authenticated');
    }
  });

  it('for a family that does not exist finds nothing, and stores nothing', async () => {
    const token = await forge({}, { family: '0190a1b2-0000-7000-8000-000000000000' });
    const headers = { 'idempotency-key': 'for-nobody' };
    for (const call of [
      () => service.call('GET', '/v1/family', { token }),
      () => service.call('GET', '/v1/family/members', { token }),
      () => service.call('GET', '/v1/family/members/x', { token }),
      () => service.call('PATCH', '/v1/family', { token, headers, body: {} }),
      () => service.call('PATCH', '/v1/family', { token, headers, body: { name: 'Nobody' } }),
      () => service.call('POST', '/v1/family/close', { token, headers }),
    ]) {
      expectProblem(await call(), 404, 'family-not-found');
    }
  });

  it('of one family shows and changes nothing of another', async () => {
    const other = await service.register();
    const shown = await service.call('GET', '/v1/family', { token: other.token });
    expect(shown.body.family.id).toBe(other.id);
    const answer = await service.call('PATCH', `/v1/family/members/${family.owner}`, {
      token: other.token,
      body: { nickname: 'Taken over' },
    });
    expectProblem(answer, 404, 'member-not-found');
  });
});
