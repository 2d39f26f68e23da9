import { startTestService, type AnyJson, type TestService } from '../support/test-service.js';

let service: TestService;
let document: AnyJson;

beforeAll(async () => {
  service = await startTestService();
  document = (await service.call('GET', '/openapi.json')).body;
});
afterAll(() => service.stop());

/** Every call, with the fields of its body and the statuses its problems have. */
const CALLS: [string, string, string[], number[]][] = [
  ['post', '/v1/families', ['email', 'password', 'familyName', 'locale'], [400, 409, 415, 422, 503]],
  ['post', '/v1/sessions', ['email', 'password', 'device'], [400, 401, 415, 503]],
  ['get', '/v1/family', [], [401, 404]],
  ['patch', '/v1/family', ['name', 'locale'], [400, 401, 409, 412, 422, 503]],
  ['post', '/v1/family/password', ['current', 'new'], [400, 401, 403, 409, 422, 503]],
  ['post', '/v1/family/close', ['reason'], [400, 401, 409, 412, 422, 503]],
  ['post', '/v1/family/reopen', ['reason'], [400, 401, 409, 412, 422, 503]],
  ['post', '/v1/family/members', ['role', 'nickname', 'birthYear'], [400, 401, 409, 422, 503]],
  ['patch', '/v1/family/members/{id}', ['nickname', 'birthYear'], [400, 401, 404, 409, 412, 422, 503]],
  ['delete', '/v1/family/members/{id}', [], [401, 404, 409, 412, 422, 503]],
  ['get', '/health/live', [], []],
  ['get', '/health/ready', [], [503]],
  ['get', '/problems', [], []],
  ['get', '/problems/{code}', [], [404]],
];

describe('/openapi.json', () => {
  it('lists every call, and no other', () => {
    const listed = Object.entries<object>(document.paths).flatMap(([path, calls]) =>
      Object.keys(calls).map((method) => `${method} ${path}`),
    );
    expect(listed.sort()).toEqual(CALLS.map(([method, path]) => `${method} ${path}`).sort());
  });

  it.each(CALLS)('describes the body and the problems of %s %s', (method, path, fields, statuses) => {
    const call = document.paths[path][method];
    const schema = call.requestBody?.content['application/json'].schema;
    const body = schema === undefined ? {} : document.components.schemas[schema.$ref.split('/').at(-1)];
    expect(Object.keys(body.properties ?? {})).toEqual(fields);
    for (const status of statuses) {
      expect([status, call.responses[status]?.content]).toEqual([
        status,
        { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemView' } } },
      ]);
    }
    const success = Object.keys(call.responses).filter((status) => status.startsWith('2'));
    expect(success).toHaveLength(1);
  });

  it('names, for every status, every problem it may stand for', async () => {
    const { responses } = document.paths['/v1/families'].post;
    expect(responses['400'].description).toContain('/problems/invalid-request');
    expect(responses['400'].description).toContain('/problems/invalid-password');
    expect(responses['409'].description).toContain('/problems/email-already-claimed');
    expect(responses['409'].description).toContain('/problems/idempotency-key-in-use');
  });

  it('says that a family’s calls need an access token', () => {
    expect(document.components.securitySchemes.bearer).toMatchObject({ type: 'http', scheme: 'bearer' });
    for (const [method, path] of CALLS) {
      const needsToken = /^\/v1\/family(\/|$)/.test(path);
      expect([path, document.paths[path][method].security !== undefined]).toEqual([path, needsToken]);
    }
  });
});

describe('/docs', () => {
  it('answers with a page for people', async () => {
    const answer = await service.call('GET', '/docs');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(answer.text).toContain('Family Accounts API');
    expect((await service.call('GET', '/docs/swagger-ui-bundle.js')).status).toBe(200);
  });
});

describe('/problems', () => {
  it('tells what the type of a problem means', async () => {
    const list = await service.call('GET', '/problems');
    expect(list.body.problems.length).toBeGreaterThan(20);
    for (const { type, status, title } of list.body.problems) {
      const one = await service.call('GET', type);
      expect([one.status, one.body]).toMatchObject([200, { type, status, title }]);
    }
  });
});
