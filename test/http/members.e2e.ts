import { expectProblem } from '../support/expect-problem.js';
import {
  PASSWORD,
  startTestService,
  type AnyJson,
  type RegisteredFamily,
  type TestService,
} from '../support/test-service.js';

let service: TestService;
let family: RegisteredFamily;
let nina: AnyJson;

beforeAll(async () => {
  service = await startTestService();
});
beforeEach(async () => {
  family = await service.register();
  const added = await call('POST', '/v1/family/members', {}, { role: 'child', nickname: 'Nina' });
  nina = added.body.member;
});
afterAll(() => service.stop());

function call(method: string, path: string, headers: Record<string, string> = {}, body?: unknown) {
  return service.call(method, path, {
    token: family.token,
    headers,
    ...(body === undefined ? {} : { body }),
  });
}

describe('a member', () => {
  it('is read where adding said it would be, with the tag that adding gave', async () => {
    const added = await call('POST', '/v1/family/members', {}, { role: 'parent', nickname: 'Omar' });
    const read = await call('GET', added.headers.get('location')!);

    expect([read.status, read.body]).toEqual([200, added.body]);
    expect(read.headers.get('etag')).toBe(added.headers.get('etag'));
    expect(read.headers.get('etag')).toBe(`"${read.body.member.version}"`);
    expect(read.headers.get('position')).toBe(added.headers.get('position'));
  });

  it('keeps its version while others change, and is not sent to who has it', async () => {
    await call('PATCH', '/v1/family', {}, { name: 'New Name' });
    await call('PATCH', `/v1/family/members/${family.owner}`, {}, { nickname: 'Mum' });

    const path = `/v1/family/members/${nina.id}`;
    const unchanged = await call('GET', path, { 'if-none-match': `"${nina.version}"` });
    expect([unchanged.status, unchanged.text]).toEqual([304, '']);
    expect(unchanged.headers.get('position')).toBe(String(await service.countEvents()));

    await call('PATCH', path, {}, { nickname: 'Nina María' });
    const changed = await call('GET', path, { 'if-none-match': `"${nina.version}"` });
    expect([changed.status, changed.body.member.nickname]).toEqual([200, 'Nina María']);
    expect(changed.body.member.version).toBeGreaterThan(nina.version);
  });

  it('can be changed as it was seen by one who has only just signed in', async () => {
    const { email } = family;
    const signedIn = await service.call('POST', '/v1/sessions', { body: { email, password: PASSWORD } });
    const seen = signedIn.body.family.members.find(({ id }: AnyJson) => id === nina.id);
    const asSeen = { 'if-match': `"${seen.version}"` };
    const path = `/v1/family/members/${nina.id}`;

    expect((await call('PATCH', path, asSeen, { nickname: 'Nina María' })).status).toBe(200);
    expectProblem(await call('PATCH', path, asSeen, { nickname: 'Nina' }), 412, 'precondition-failed');
  });

  it.each([['no-uuid'], ['0190a1b2-0000-7000-8000-000000000000'], ['__proto__'], ['%00']])(
    'that the family does not have (%s) is not found, and neither is one of another family',
    async (id) => {
      expectProblem(await call('GET', `/v1/family/members/${id}`), 404, 'member-not-found');
      const { token } = await service.register();
      const path = `/v1/family/members/${nina.id}`;
      expectProblem(await service.call('GET', path, { token }), 404, 'member-not-found');
    },
  );
});

describe('all members', () => {
  it('are read with the tag of the family, in the order of joining', async () => {
    const read = await call('GET', '/v1/family/members');
    const shown = await call('GET', '/v1/family');

    expect([read.status, read.body]).toEqual([200, { members: shown.body.family.members }]);
    expect(read.body.members.map(({ id }: AnyJson) => id)).toEqual([family.owner, nina.id]);
    expect(read.headers.get('etag')).toBe(shown.headers.get('etag'));
    const again = await call('GET', '/v1/family/members', { 'if-none-match': read.headers.get('etag')! });
    expect([again.status, again.text]).toEqual([304, '']);
  });

  it('are added to only as they were seen, where the client asks for that', async () => {
    const seen = (await call('GET', '/v1/family/members')).headers.get('etag')!;
    const add = (nickname: string) =>
      call('POST', '/v1/family/members', { 'if-match': seen }, { role: 'child', nickname });
    expect((await add('Omar')).status).toBe(201);
    expectProblem(await add('Luis'), 412, 'precondition-failed');
  });
});
