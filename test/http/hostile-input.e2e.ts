import { expectProblem, MARK } from '../support/expect-problem.js';
import { refusingService, registrationBody } from '../support/refusing-service.js';
import { PASSWORD } from '../support/test-service.js';

const service = refusingService();
const { call, post } = service;

describe('fields of the wrong kind', () => {
  const wrong: [string, unknown][] = [
    ['an operator object', { $gt: MARK }],
    ['an operator object that is empty', { $ne: null }],
    ['an array', [MARK]],
    ['a number', 1e308],
    ['a boolean', true],
    ['null', null],
    ['an object with toString', { toString: MARK, length: 8 }],
    ['a text too long', MARK.repeat(2000)],
  ];

  it.each(wrong)('%s is refused in every field of a registration', async (_what, value) => {
    for (const field of ['email', 'password', 'familyName', 'locale']) {
      const answer = await call('POST', '/v1/families', { body: { ...registrationBody(), [field]: value } });
      expectProblem(answer, 400, 'invalid-request');
      expect(answer.body.errors.map((error: { field: string }) => error.field)).toContain(field);
    }
  });

  it.each(wrong)('%s is refused in every field of a sign-in', async (_what, value) => {
    for (const field of ['email', 'password', 'device']) {
      const body = { email: 'a@example.org', password: PASSWORD, [field]: value };
      expectProblem(await call('POST', '/v1/sessions', { body }), 400, 'invalid-request');
    }
  });

  it.each(wrong)('%s is refused in every field of a change', async (_what, value) => {
    const calls: [string, string, string[]][] = [
      ['PATCH', '/v1/family', ['name', 'locale']],
      ['POST', '/v1/family/members', ['role', 'nickname']],
      ['POST', '/v1/family/password', ['current', 'new']],
      ['POST', '/v1/family/close', ['reason']],
      ['POST', '/v1/family/reopen', ['reason']],
    ];
    for (const [method, path, fields] of calls) {
      for (const field of fields) {
        const answer = await call(method, path, { token: service.token, body: { [field]: value } });
        expectProblem(answer, 400, 'invalid-request');
      }
    }
  });

  it.each([
    [{ admin: true }],
    [{ status: 'closed' }],
    [{ id: MARK }],
    [{ $where: MARK }],
    [{ 'email.$gt': MARK }],
    [{ [MARK]: 1 }],
    [{ toString: 1 }],
    [{ hasOwnProperty: 1 }],
  ])('unknown fields are refused: %j', async (extra) => {
    const answer = await call('POST', '/v1/families', { body: { ...registrationBody(), ...extra } });
    expect([answer.status, answer.body.type]).toEqual([400, '/problems/invalid-request']);
  });

  it.each([
    ['{"email":"a@example.org","__proto__":{"password":"x"}}'],
    ['{"__proto__":null}'],
    ['{"constructor":{"prototype":{"polluted":true}}}'],
    ['{"a":{"__proto__":{"polluted":true}}}'],
    ['{"\\u005f_proto__":{"polluted":true}}'],
    ['{"__pro\\u0074o__":{"polluted":true}}'],
  ])('keys that reach for a prototype are refused: %s', async (text) => {
    for (const path of ['/v1/families', '/v1/sessions']) {
      const { status } = await post(path, text);
      expect(status).toBe(400);
    }
    expect('polluted' in {}).toBe(false);
  });

  it.each([['constructor'], ['prototype'], ['toString'], ['valueOf']])(
    'a field called %s is unknown like any other',
    async (name) => {
      const body = { ...registrationBody(), [name]: MARK };
      expectProblem(await call('POST', '/v1/families', { body }), 400, 'invalid-request');
    },
  );
});

describe('texts that no database should see', () => {
  it.each([
    ['a null byte', '\\u0000'],
    ['a lone surrogate', '\\ud800'],
    ['a reversed pair of surrogates', '\\udc00\\ud800'],
    ['a direction override', '\\u202e'],
    ['a noncharacter', '\\uffff'],
  ])('with %s are refused in names, nicknames, reasons, passwords and addresses', async (_what, escape) => {
    const words = `"Some words ${escape} and more"`;
    const registration = (field: string, value: string): string =>
      JSON.stringify({ ...registrationBody(), [field]: 'HERE' }).replace('"HERE"', value);
    expectProblem(await post('/v1/families', registration('familyName', words)), 400, 'invalid-name');
    expectProblem(
      await post('/v1/families', registration('email', `"a${escape}@example.org"`)),
      400,
      'invalid-email-address',
    );
    expectProblem(
      await post('/v1/families', registration('email', `"a@exam${escape}ple.org"`)),
      400,
      'invalid-email-address',
    );
    const authorization = `Bearer ${service.token}`;
    expectProblem(
      await post('/v1/family/members', `{"role":"child","nickname":${words}}`, { authorization }),
      400,
      'invalid-name',
    );
    expectProblem(
      await post('/v1/family/close', `{"reason":${words}}`, { authorization }),
      400,
      'invalid-name',
    );
    if (escape === '\\u202e') return; // A password is never shown; any character that can be typed is one.
    expectProblem(await post('/v1/families', registration('password', words)), 400, 'invalid-password');
  });

  it('in bytes that are no UTF-8 are refused', async () => {
    const body = Buffer.from(
      JSON.stringify({ ...registrationBody(), familyName: 'Caf\u00e9 Family' }),
      'latin1',
    );
    expectProblem(await post('/v1/families', body), 400, 'invalid-json');
  });
});
