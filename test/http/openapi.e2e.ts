import { startTestService, type AnyJson, type TestService } from '../support/test-service.js';

let service: TestService;
let document: AnyJson;

beforeAll(async () => {
  service = await startTestService();
  document = (await service.call('GET', '/openapi.json')).body;
});
afterAll(() => service.stop());

// What a call may be answered with, written down from what the calls do and not from their decorators.
const ANY = ['invalid-request', 'request-timeout', 'header-too-large', 'internal-error', 'service-stopping'];
const BODY = ['invalid-json', 'body-too-large', 'unsupported-media-type'];
const READ = ['database-unavailable', 'log-damaged', 'unknown-event-shape'];
const MINE = [...READ, 'not-authenticated', 'family-not-found'];
const KEYED = ['idempotency-key-reused', 'idempotency-key-in-use'];
const APPEND = [...BODY, ...READ, ...KEYED, 'log-unavailable', 'outcome-unknown'];
const CHANGE = [...APPEND, ...MINE, 'changed-meanwhile', 'precondition-failed'];
const FROM_STREAM = [...MINE, 'position-unknown'];
const HISTORY = ['database-unavailable', 'log-damaged', 'not-authenticated', 'family-not-found'];
const BUILT = ['position-unknown', 'projection-not-built', 'projection-behind'];
const MEMBER = ['member-not-found', 'not-found'];
const PASSWORD = ['claims-missing', 'password-hashing-busy', 'invalid-credentials'];
const REGISTRATION = ['invalid-email-address', 'invalid-password', 'invalid-name', 'invalid-locale'];

/** Every call, with the fields of its body, the headers it reads and the problems it may be answered with. */
const CALLS: [string, string, string[], string[]][] = [
  [
    'post /v1/families',
    'Idempotency-Key',
    ['email', 'password', 'familyName', 'locale'],
    [...APPEND, ...PASSWORD, ...REGISTRATION, 'email-already-claimed'],
  ],
  ['post /v1/sessions', '', ['email', 'password', 'device'], [...BODY, ...READ, ...PASSWORD]],
  ['get /v1/family', 'If-None-Match', [], FROM_STREAM],
  [
    'patch /v1/family',
    'Idempotency-Key, If-Match',
    ['name', 'locale'],
    [...CHANGE, 'invalid-name', 'invalid-locale', 'family-is-closed'],
  ],
  [
    'post /v1/family/password',
    'Idempotency-Key, If-Match',
    ['current', 'new'],
    [...CHANGE, 'invalid-password', 'wrong-password', 'family-is-closed', 'password-hashing-busy'],
  ],
  ['post /v1/family/close', 'Idempotency-Key, If-Match', ['reason'], [...CHANGE, 'invalid-name']],
  ['post /v1/family/reopen', 'Idempotency-Key, If-Match', ['reason'], [...CHANGE, 'invalid-name']],
  ['get /v1/family/history', 'If-None-Match', [], [...HISTORY, ...BUILT]],
  ['get /v1/family/members', 'If-None-Match', [], FROM_STREAM],
  [
    'post /v1/family/members',
    'Idempotency-Key, If-Match',
    ['role', 'nickname', 'birthYear'],
    [...CHANGE, 'invalid-name', 'invalid-birth-year', 'family-is-closed', 'member-limit-reached'],
  ],
  ['get /v1/family/members/{id}', 'If-None-Match', [], [...FROM_STREAM, ...MEMBER]],
  [
    'patch /v1/family/members/{id}',
    'Idempotency-Key, If-Match',
    ['nickname', 'birthYear'],
    [...CHANGE, ...MEMBER, 'invalid-name', 'invalid-birth-year', 'family-is-closed'],
  ],
  [
    'delete /v1/family/members/{id}',
    'Idempotency-Key, If-Match',
    [],
    [...CHANGE, ...MEMBER, 'family-is-closed', 'owner-cannot-be-removed'],
  ],
  ['get /health/live', '', [], []],
  ['get /health/ready', '', [], ['database-unavailable', 'log-damaged']],
  ['get /problems', '', [], []],
  ['get /problems/{code}', '', [], ['not-found']],
];

/** The calls that take something in the query. */
const QUERIES: Readonly<Record<string, string[]>> = {
  'get /v1/family': ['atLeast'],
  'get /v1/family/history': ['atLeast', 'limit', 'before'],
  'get /v1/family/members': ['atLeast'],
  'get /v1/family/members/{id}': ['atLeast'],
};

function described(name: string): AnyJson {
  const [method, path] = name.split(' ');
  return document.paths[path!][method!];
}

/** The problems that the answers of a call stand for. */
function problemsOf(name: string): string[] {
  const descriptions = Object.values<AnyJson>(described(name).responses).map((one) => one.description);
  return descriptions.flatMap((text: string) =>
    [...text.matchAll(/`\/problems\/([a-z-]+)`/g)].map(([, code]) => code!),
  );
}

describe('/openapi.json', () => {
  it('lists every call, and no other', () => {
    const listed = Object.entries<object>(document.paths).flatMap(([path, calls]) =>
      Object.keys(calls).map((method) => `${method} ${path}`),
    );
    expect(listed.sort()).toEqual(CALLS.map(([name]) => name).sort());
  });

  it.each(CALLS)('describes what %s takes', (name, headers, fields) => {
    const { requestBody, parameters } = described(name);
    const schema = requestBody?.content['application/json'].schema;
    const body = schema === undefined ? {} : document.components.schemas[schema.$ref.split('/').at(-1)];
    expect(Object.keys(body.properties ?? {})).toEqual(fields);
    const inHeader = parameters.filter((one: AnyJson) => one.in === 'header').map((one: AnyJson) => one.name);
    expect(inHeader.sort().join(', ')).toBe(headers);
    const inQuery = parameters.filter((one: AnyJson) => one.in === 'query');
    expect(inQuery.map((one: AnyJson) => one.name).sort()).toEqual((QUERIES[name] ?? []).toSorted());
    for (const {
      required,
      schema: { type, minimum },
    } of inQuery) {
      expect([required, type, typeof minimum]).toEqual([false, 'integer', 'number']);
    }
  });

  it.each(CALLS)('names every problem that %s may be answered with, once', (name, _headers, _fields, own) => {
    expect(problemsOf(name).sort()).toEqual([...new Set([...ANY, ...own])].sort());
  });

  it.each(CALLS)('lists the problems of %s under their statuses, and one way to succeed', async (name) => {
    const kinds = (await service.call('GET', '/problems')).body.problems;
    for (const [status, { description, content }] of Object.entries<AnyJson>(described(name).responses)) {
      if (Number(status) < 400) continue;
      const named = kinds.filter(({ type }: AnyJson) => description.includes(`\`${type}\``));
      expect(named.map((kind: AnyJson) => kind.status)).toEqual(named.map(() => Number(status)));
      expect(content).toEqual({
        'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemView' } },
      });
    }
    const succeeding = Object.keys(described(name).responses).filter((status) => status.startsWith('2'));
    expect(succeeding).toHaveLength(1);
  });

  it('says that a family’s calls need an access token', () => {
    expect(document.components.securitySchemes.bearer).toMatchObject({ type: 'http', scheme: 'bearer' });
    for (const [name] of CALLS) {
      expect([name, described(name).security !== undefined]).toEqual([
        name,
        / \/v1\/family(\/|$)/.test(name),
      ]);
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
