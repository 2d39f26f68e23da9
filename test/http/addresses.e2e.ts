import { expectProblem, MARK } from '../support/expect-problem.js';
import { sendRaw } from '../support/raw-http.js';
import { refusingService } from '../support/refusing-service.js';

const service = refusingService();
const { call } = service;

describe('addresses and methods', () => {
  it.each([
    ['PUT', '/v1/family', 'GET, HEAD, PATCH'],
    ['DELETE', '/v1/family', 'GET, HEAD, PATCH'],
    ['GET', '/v1/families', 'POST'],
    ['DELETE', '/v1/sessions', 'POST'],
    ['PUT', '/v1/family/members', 'GET, HEAD, POST'],
    ['POST', '/v1/family/members/x', 'DELETE, GET, HEAD, PATCH'],
    ['GET', '/v1/family/close', 'POST'],
    ['POST', '/health/live', 'GET, HEAD'],
    ['OPTIONS', '/v1/families', 'POST'],
  ])('%s %s is answered 405 with what is allowed', async (method, path, allowed) => {
    const answer = await call(method, path);
    expectProblem(answer, 405, 'method-not-allowed');
    expect(answer.headers.get('allow')).toBe(allowed);
  });

  it.each([
    ['/'],
    ['/v1'],
    ['/v2/families'],
    ['/v1/families/'.concat(MARK)],
    ['/v1/family/members/a/b'],
    ['/v1/../etc/passwd'],
    ['/%2e%2e/%2e%2e/etc/passwd'],
    ['/docs/../../package.json'],
    ['/problems/unknown'],
    ['/problems/__proto__'],
    ['/problems/constructor'],
    [`/${'x'.repeat(5000)}`],
    ['/v1/family?x=1'.replace('family', 'nothing')],
  ])('GET %s is answered 404', async (path) => {
    expectProblem(await call('GET', path), 404, 'not-found');
  });

  it('GET /docs/../x, which no client sends as it is, is answered 404, too', async () => {
    for (const path of ['/docs/../x', '/docs/..%2fx', '/docs/%2e%2e/x', '/docs/./../../package.json']) {
      const answer = await sendRaw(
        service.port,
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      );
      expect([answer.status, JSON.parse(answer.body)]).toMatchObject([404, { type: '/problems/not-found' }]);
      expect(answer.body).not.toContain('Forbidden');
    }
  });

  it.each([['/v1/%'], ['/v1/family/members/%zz'], ['/%c3%28'], ['/v1/family/members/%ff']])(
    'a path that cannot be decoded (%s) is answered as a problem',
    async (path) => {
      const answer = await call('GET', path);
      expectProblem(answer, 400, 'invalid-request');
      expect(answer.headers.get('x-correlation-id')).toBe(answer.body.instance.replace('urn:uuid:', ''));
    },
  );

  it('a member’s id longer than any is answered 404, and so is a slash at the end', async () => {
    for (const path of [`/v1/family/members/${'x'.repeat(200)}`, '/v1/family/']) {
      expectProblem(await call('PATCH', path, { token: service.token, body: {} }), 404, 'not-found');
    }
  });

  it('HEAD answers what GET does, without its body', async () => {
    const answer = await call('HEAD', '/health/live');
    expect([answer.status, answer.text]).toEqual([200, '']);
  });
});
