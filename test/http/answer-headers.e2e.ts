import { expectProblem } from '../support/expect-problem.js';
import { sendRaw } from '../support/raw-http.js';
import {
  PASSWORD,
  startTestService,
  uniqueEmail,
  type Answer,
  type RegisteredFamily,
  type TestService,
} from '../support/test-service.js';

let service: TestService;
let family: RegisteredFamily;

beforeAll(async () => {
  service = await startTestService();
  family = await service.register();
});
afterAll(() => service.stop());

function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  return service.call(method, path, {
    token: family.token,
    headers,
    ...(body === undefined ? {} : { body }),
  });
}

describe('every answer to a mutation', () => {
  it('tells the position it reached, and the version', async () => {
    const email = uniqueEmail();
    const answers: Answer[] = [
      await call('POST', '/v1/families', { email, password: PASSWORD, familyName: 'The Testers' }),
      await call('POST', '/v1/sessions', { email: family.email, password: PASSWORD }),
      await call('PATCH', '/v1/family', { name: 'New Name' }),
      await call('POST', '/v1/family/members', { role: 'child', nickname: 'Nina' }),
    ];
    const nina = answers.at(-1)!.headers.get('location')!;
    answers.push(
      await call('PATCH', nina, { nickname: 'Nina María' }),
      await call('PATCH', nina, {}),
      await call('DELETE', nina),
      await call('POST', '/v1/family/password', { current: PASSWORD, new: 'another password' }),
      await call('POST', '/v1/family/close'),
      await call('POST', '/v1/family/close'),
      await call('POST', '/v1/family/reopen'),
    );
    for (const { status, headers } of answers) {
      expect(status).toBeLessThan(300);
      expect(headers.get('position')).toMatch(/^[1-9]\d*$/);
      expect(headers.get('etag')).toMatch(/^"[1-9]\d*"$/);
    }
  });
});

describe('every answer', () => {
  const origin = { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' };
  it.each([
    ['POST', '/v1/sessions', 400],
    ['GET', '/v1/family', 200],
    ['HEAD', '/v1/family', 200],
    ['GET', '/v1/family/members', 200],
    ['GET', '/v1/family/members/x', 404],
    ['GET', '/v1/nothing', 404],
    ['PUT', '/v1/family', 405],
    ['OPTIONS', '/v1/family', 405],
    ['GET', '/v1/%', 400],
    ['GET', `/v1/family/members/${'x'.repeat(200)}`, 404],
    ['GET', '/health/live', 200],
    ['GET', '/docs', 200],
    ['GET', '/openapi.json', 200],
  ])(
    'to %s %s is kept by nobody, guessed by nobody and open to no other site',
    async (method, path, status) => {
      const { headers, ...answer } = await call(method, path, undefined, origin);
      expect(answer.status).toBe(status);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect([...headers.keys()].filter((name) => /^access-control|^server$|^x-powered/.test(name))).toEqual(
        [],
      );
    },
  );

  it('that is 304 is kept by nobody either', async () => {
    const { headers } = await call('GET', '/v1/family');
    const answer = await call('GET', '/v1/family', undefined, { 'if-none-match': headers.get('etag')! });
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([304, 'no-store']);
  });

  it('that refuses what is not HTTP is kept by nobody either', async () => {
    const { headers } = await sendRaw(service.port, 'nonsense\r\n\r\n');
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });
});

describe('HEAD', () => {
  it('is answered as GET is, without the body', async () => {
    const { id } = (await call('GET', '/v1/family')).body.family.members[0];
    for (const path of ['/v1/family', '/v1/family/members', `/v1/family/members/${id}`, '/health/ready']) {
      const [head, get] = [await call('HEAD', path), await call('GET', path)];
      expect([head.status, head.text]).toEqual([200, '']);
      for (const name of ['etag', 'position', 'content-type', 'content-length']) {
        expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)]);
      }
    }
  });

  it('is refused as GET is, without a body', async () => {
    const refused = await service.call('HEAD', '/v1/family');
    expect([refused.status, refused.text]).toEqual([401, '']);
    expect(refused.headers.get('www-authenticate')).toBe('Bearer');
    const notAllowed = await call('HEAD', '/v1/families');
    expect([notAllowed.status, notAllowed.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('methods nobody asked for', () => {
  it.each([['OPTIONS'], ['PROPFIND'], ['SEARCH'], ['LOCK'], ['PURGE']])(
    '(%s) are 405 with those there are',
    async (method) => {
      for (const [path, allowed] of [
        ['/v1/families', 'POST'],
        ['/v1/family', 'GET, HEAD, PATCH'],
        ['/v1/family/members/x', 'DELETE, GET, HEAD, PATCH'],
      ] as const) {
        const answer = await call(method, path);
        expectProblem(answer, 405, 'method-not-allowed');
        expect(answer.headers.get('allow')).toBe(allowed);
      }
    },
  );

  it.each([
    ['TRACE /v1/family HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 405],
    ['OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
    ['GET http://x/v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
  ])('or forms nobody asked for (%j) are answered %s', async (request, status) => {
    const answer = await sendRaw(service.port, request);
    expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/problem+json']);
  });

  it('such as an expectation are not met, and harm nothing', async () => {
    const request = 'GET /health/live HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\nConnection: close\r\n\r\n';
    const answer = await sendRaw(service.port, request);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
  });

  it('such as CONNECT and an upgrade lead nowhere', async () => {
    const connect = await sendRaw(service.port, 'CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n', 5_000);
    expect(connect.status).not.toBe(200);
    const upgrade = 'Connection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n';
    const answer = await sendRaw(service.port, `GET /health/live HTTP/1.1\r\nHost: x\r\n${upgrade}`);
    expect(answer.status).toBe(200);
  });
});
