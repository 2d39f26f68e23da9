import { startTestService, type RegisteredFamily, type TestService } from '../support/test-service.js';

let service: TestService;
let family: RegisteredFamily;

beforeAll(async () => {
  service = await startTestService();
});
beforeEach(async () => {
  family = await service.register();
});
afterAll(() => service.stop());

function call(method: string, path: string, headers: Record<string, string>, body?: unknown) {
  return service.call(method, path, {
    token: family.token,
    headers,
    ...(body === undefined ? {} : { body }),
  });
}

describe('If-Match', () => {
  it.each([
    ['the present version', '"1"', 200],
    ['one of several versions', '"7", "1"', 200],
    ['any version', '*', 200],
    ['another version', '"2"', 412],
    ['several others', '"7","8"', 412],
    ['the present version weakly', 'W/"1"', 412],
    ['a tag that is none of ours', '"abc,def"', 412],
    ['a number without quotes', '1', 400],
    ['an open quote', '"1', 400],
    ['nothing', '', 400],
  ])('with %s (%s) is answered %s', async (_what, ifMatch, status) => {
    const before = await service.countEvents();
    const answer = await call('PATCH', '/v1/family', { 'if-match': ifMatch }, { name: 'New Name' });

    expect(answer.status).toBe(status);
    expect(await service.countEvents()).toBe(status === 200 ? before + 1 : before);
    if (status === 412) expect(answer.body.type).toBe('/problems/precondition-failed');
    if (status === 400) expect(answer.body.type).toBe('/problems/invalid-request');
  });

  it('refuses a member who changed, and only that one', async () => {
    const add = (nickname: string) =>
      service.call('POST', '/v1/family/members', { token: family.token, body: { role: 'child', nickname } });
    const [nina, omar] = [await add('Nina'), await add('Omar')];
    await call('PATCH', nina.headers.get('location')!, {}, { nickname: 'Nina María' });
    const stale = (answer: typeof nina) => ({ 'if-match': answer.headers.get('etag')! });

    const refused = await call('DELETE', nina.headers.get('location')!, stale(nina));
    expect(refused.status).toBe(412);
    const removed = await call('DELETE', omar.headers.get('location')!, stale(omar));
    expect(removed.status).toBe(204);
  });

  it.each(['close', 'reopen'])('guards %s', async (verb) => {
    expect((await call('POST', `/v1/family/${verb}`, { 'if-match': '"9"' })).status).toBe(412);
    expect((await call('POST', `/v1/family/${verb}`, { 'if-match': '"1"' })).status).toBe(200);
  });

  it('guards the password', async () => {
    const passwords = { current: family.password, new: 'another password' };
    const change = (ifMatch: string) =>
      call('POST', '/v1/family/password', { 'if-match': ifMatch }, passwords);
    expect((await change('"9"')).body.type).toBe('/problems/precondition-failed');
    expect((await change('9')).body.type).toBe('/problems/invalid-request');
    expect((await change('"1"')).status).toBe(204);
  });

  it('lets one of two changes for the same version through', async () => {
    const answers = await Promise.all(
      ['One', 'Two'].map((name) => call('PATCH', '/v1/family', { 'if-match': '"1"' }, { name })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  });
});

describe('If-None-Match', () => {
  it.each([
    ['the present version', '"1"', 304],
    ['the present version weakly', 'W/"1"', 304],
    ['any version', '*', 304],
    ['one of several versions', '"0", "1"', 304],
    ['another version', '"2"', 200],
    ['something else', 'nonsense', 200],
    ['the present version and something else', '"1" garbage', 200],
    ['a star and something else', '*, "1"', 200],
  ])('with %s (%s) is answered %s', async (_what, ifNoneMatch, status) => {
    const answer = await call('GET', '/v1/family', { 'if-none-match': ifNoneMatch });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.headers.get('position')).toBe(family.answer.headers.get('position'));
    if (status === 304) expect(answer.text).toBe('');
  });
});
