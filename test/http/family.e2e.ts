import { startTestService, type RegisteredFamily, type TestService } from '../support/test-service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

function as({ token }: RegisteredFamily) {
  return (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    service.call(method, path, { token, headers, ...(body === undefined ? {} : { body }) });
}

describe('changing a family', () => {
  it('renames it and changes its locale in one step', async () => {
    const family = await service.register();
    const call = as(family);
    const answer = await call('PATCH', '/v1/family', { name: 'New Name', locale: 'de-CH' });

    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body)).toEqual(['family']);
    expect(answer.body.family).toEqual({
      ...family.answer.body.family,
      name: 'New Name',
      locale: 'de-CH',
    });
    expect(answer.headers.get('etag')).toBe('"3"');
    expect(answer.headers.get('position')).toBe(String(await service.countEvents()));
    expect((await call('GET', '/v1/family')).body).toEqual(answer.body);
  });

  it.each([
    ['what it has already', { name: 'The Testers', locale: 'en' }],
    ['nothing', {}],
  ])('changes nothing when it is given %s', async (_what, body) => {
    const family = await service.register();
    const before = await service.countEvents();
    const answer = await as(family)('PATCH', '/v1/family', body);

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ family: family.answer.body.family });
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.headers.get('position')).toBe(family.answer.headers.get('position'));
    expect(await service.countEvents()).toBe(before);
  });

  it('changes neither where one of two is refused', async () => {
    const family = await service.register();
    const answer = await as(family)('PATCH', '/v1/family', { name: 'New Name', locale: 'no locale' });
    expect(answer.body.type).toBe('/problems/invalid-locale');
    expect((await as(family)('GET', '/v1/family')).body.family.name).toBe('The Testers');
  });

  it('stores changes that come at the same moment one after the other', async () => {
    const call = as(await service.register());
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => call('PATCH', '/v1/family', { name: `Name ${index}` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    const tags = answers.map(({ headers }) => headers.get('etag'));
    expect(new Set(tags).size).toBe(10);
    expect((await call('GET', '/v1/family')).headers.get('etag')).toBe('"11"');
  });
});

describe('closing and reopening', () => {
  it('closes a family once; a repeat changes nothing', async () => {
    const call = as(await service.register());
    const closed = await call('POST', '/v1/family/close', { reason: 'moving away' });
    expect(closed.status).toBe(200);
    expect(closed.body.family.status).toBe('closed');
    expect(closed.headers.get('etag')).toBe('"2"');

    const again = await call('POST', '/v1/family/close');
    expect(again.status).toBe(200);
    expect(again.body).toEqual(closed.body);
    expect(again.headers.get('etag')).toBe('"2"');
    expect(again.headers.get('position')).toBe(closed.headers.get('position'));
  });

  it('refuses changes while a family is closed, and takes them again after it was reopened', async () => {
    const family = await service.register();
    const call = as(family);
    await call('POST', '/v1/family/close');
    const refused = await Promise.all([
      call('PATCH', '/v1/family', { name: 'Other' }),
      call('POST', '/v1/family/members', { role: 'child', nickname: 'Nina' }),
      call('PATCH', `/v1/family/members/${family.owner}`, { nickname: 'Mum' }),
      call('DELETE', `/v1/family/members/${family.owner}`),
      call('POST', '/v1/family/password', { current: family.password, new: 'another password' }),
    ]);
    for (const { status, body } of refused) {
      expect({ status, type: body.type }).toEqual({ status: 409, type: '/problems/family-is-closed' });
    }

    const reopened = await call('POST', '/v1/family/reopen', {});
    expect(reopened.headers.get('etag')).toBe('"3"');
    const again = await call('POST', '/v1/family/reopen');
    expect(again.headers.get('etag')).toBe('"3"');
    expect((await call('PATCH', '/v1/family', { name: 'Other' })).status).toBe(200);
  });

  it('keeps the address of a closed family claimed', async () => {
    const family = await service.register();
    await as(family)('POST', '/v1/family/close');
    await expect(service.register({ email: family.email })).rejects.toThrow('409');
  });
});

describe('members', () => {
  it('are added, changed and removed, each with a version of its own', async () => {
    const family = await service.register();
    const call = as(family);
    const added = await call('POST', '/v1/family/members', {
      role: 'child',
      nickname: ' Nina ',
      birthYear: 2015,
    });
    expect(added.status).toBe(201);
    expect(Object.keys(added.body)).toEqual(['member']);
    const { member } = added.body;
    expect(member).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{14}7/),
      role: 'child',
      nickname: 'Nina',
      birthYear: 2015,
      joinedAt: expect.any(String),
      version: 2,
    });
    const path = `/v1/family/members/${member.id}`;
    expect(added.headers.get('location')).toBe(path);
    expect(added.headers.get('etag')).toBe('"2"');

    const parent = await call('POST', '/v1/family/members', { role: 'parent', nickname: 'Omar' });
    expect(parent.body.member).toMatchObject({ role: 'parent', birthYear: null });
    expect(parent.headers.get('etag')).toBe('"3"');

    const changed = await call('PATCH', path, { nickname: 'Nina María', birthYear: null });
    expect(changed.status).toBe(200);
    expect(changed.body).toEqual({
      member: { ...member, nickname: 'Nina María', birthYear: null, version: 5 },
    });
    expect(changed.headers.get('etag')).toBe('"5"');
    const unchanged = await call('PATCH', path, { nickname: 'Nina María' });
    expect(unchanged.body).toEqual(changed.body);
    expect(unchanged.headers.get('etag')).toBe('"5"');

    // The parent was not touched, so that its tag still holds.
    const { id } = parent.body.member;
    const tagged = await call(
      'PATCH',
      `/v1/family/members/${id}`,
      { nickname: 'Papa' },
      { 'if-match': '"3"' },
    );
    expect(tagged.status).toBe(200);

    const removed = await call('DELETE', path);
    expect({ status: removed.status, text: removed.text }).toEqual({ status: 204, text: '' });
    expect(removed.headers.get('position')).toBe(String(await service.countEvents()));
    const shown = await call('GET', '/v1/family');
    expect(shown.body.family.members.map((one: { id: string }) => one.id)).toEqual([family.owner, id]);
  });

  it('that the family does not have are 404, whatever is asked of them', async () => {
    const mine = await service.register();
    const other = await service.register();
    const removed = (await as(mine)('POST', '/v1/family/members', { role: 'child', nickname: 'Nina' })).body
      .member.id as string;
    await as(mine)('DELETE', `/v1/family/members/${removed}`);
    const before = await service.countEvents();
    for (const id of [
      other.owner,
      removed,
      'no-uuid',
      '__proto__',
      '%00',
      encodeURIComponent('{"$gt":""}'),
    ]) {
      for (const answer of await Promise.all([
        as(mine)('PATCH', `/v1/family/members/${id}`, { nickname: 'Nobody' }),
        as(mine)('PATCH', `/v1/family/members/${id}`, {}),
        as(mine)('DELETE', `/v1/family/members/${id}`),
        as(mine)('DELETE', `/v1/family/members/${id}`, undefined, { 'if-match': '"1"' }),
      ])) {
        expect([answer.status, answer.body.type]).toEqual([404, '/problems/member-not-found']);
      }
    }
    expect(await service.countEvents()).toBe(before);
  });

  it('do not include the owner when they are removed', async () => {
    const family = await service.register();
    const answer = await as(family)('DELETE', `/v1/family/members/${family.owner}`);
    expect([answer.status, answer.body.type]).toEqual([409, '/problems/owner-cannot-be-removed']);
  });

  it('include the owner when they are renamed', async () => {
    const family = await service.register();
    const answer = await as(family)('PATCH', `/v1/family/members/${family.owner}`, { nickname: 'Mum' });
    expect(answer.body.member).toMatchObject({ id: family.owner, role: 'owner', nickname: 'Mum' });
  });

  it('are at most fifty', async () => {
    const call = as(await service.register());
    const answers = await Promise.all(
      Array.from({ length: 52 }, (_, index) =>
        call('POST', '/v1/family/members', { role: 'child', nickname: `Child ${index}` }),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array(49).fill(201), 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.type).toBe('/problems/member-limit-reached');
  });

  it.each([
    ['an owner', { role: 'owner', nickname: 'Second' }, 'invalid-request'],
    ['one without a nickname', { role: 'child' }, 'invalid-request'],
    [
      'one with a birth year as text',
      { role: 'child', nickname: 'Nina', birthYear: '2015' },
      'invalid-request',
    ],
    ['one with half a birth year', { role: 'child', nickname: 'Nina', birthYear: 2015.5 }, 'invalid-request'],
    [
      'one with null for a birth year',
      { role: 'child', nickname: 'Nina', birthYear: null },
      'invalid-request',
    ],
    ['one from the future', { role: 'child', nickname: 'Nina', birthYear: 3000 }, 'invalid-birth-year'],
    ['one from long ago', { role: 'child', nickname: 'Nina', birthYear: 1700 }, 'invalid-birth-year'],
  ])('cannot be %s', async (_what, body, code) => {
    const answer = await as(await service.register())('POST', '/v1/family/members', body);
    expect([answer.status, answer.body.type]).toEqual([400, `/problems/${code}`]);
  });
});

describe('changing the password', () => {
  it('lets the new one in and the old one no more', async () => {
    const family = await service.register();
    const answer = await as(family)('POST', '/v1/family/password', {
      current: family.password,
      new: 'a new password',
    });
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: '' });
    expect(answer.headers.get('position')).toBe(String(await service.countEvents()));

    const signIn = (password: string) =>
      service.call('POST', '/v1/sessions', { body: { email: family.email, password } });
    expect((await signIn(family.password)).status).toBe(401);
    expect((await signIn('a new password')).status).toBe(201);
  });

  it('is refused where the current one is wrong', async () => {
    const family = await service.register();
    const before = await service.countEvents();
    const answer = await as(family)('POST', '/v1/family/password', {
      current: 'not my password',
      new: 'a new password',
    });
    expect([answer.status, answer.body.type]).toEqual([403, '/problems/wrong-password']);
    expect(await service.countEvents()).toBe(before);
  });

  it('is refused where the new one is too short', async () => {
    const family = await service.register();
    const answer = await as(family)('POST', '/v1/family/password', {
      current: family.password,
      new: 'short',
    });
    expect([answer.status, answer.body.type]).toEqual([400, '/problems/invalid-password']);
  });
});
