import { gzipSync } from 'node:zlib';
import { expectProblem, MARK } from '../support/expect-problem.js';
import { refusingService, registrationBody } from '../support/refusing-service.js';
import { PASSWORD } from '../support/test-service.js';

const service = refusingService();
const { call, post } = service;

describe('bodies', () => {
  it.each([
    ['cut off', '{"email":'],
    ['not JSON at all', MARK],
    ['two values', '{}{}'],
    ['with a comment', '{/* */}'],
    ['with single quotes', "{'email':'x'}"],
    ['NaN', 'NaN'],
    ['nothing but a null byte', '\u0000'],
  ])('that are %s are refused as JSON', async (_what, text) => {
    expectProblem(await post('/v1/families', text), 400, 'invalid-json');
  });

  it.each([
    ['an empty body', ''],
    ['white space', ' \n'],
    ['null', 'null'],
    ['an empty object', '{}'],
    ['an array', '[]'],
    [
      'an array of one registration',
      JSON.stringify([{ email: 'a@example.org', password: PASSWORD, familyName: 'X' }]),
    ],
    ['a string', '"text"'],
    ['a number', '1'],
    ['a boolean', 'true'],
  ])('that are %s are no request', async (_what, text) => {
    for (const path of ['/v1/families', '/v1/sessions']) {
      expectProblem(await post(path, text), 400, 'invalid-request');
    }
  });

  it.each([['[]'], ['"text"'], ['1'], ['true'], ['[{"reason":"x"}]']])(
    'that are %s are refused where every field may be left out, too',
    async (text) => {
      const authorization = `Bearer ${service.token}`;
      for (const path of ['/v1/family/close', '/v1/family/reopen']) {
        expectProblem(await post(path, text, { authorization }), 400, 'invalid-request');
      }
      const patched = await call('PATCH', '/v1/family', {
        bytes: text,
        headers: { authorization, 'content-type': 'application/json' },
      });
      expectProblem(patched, 400, 'invalid-request');
    },
  );

  it('of 64 KiB are read, and of one byte more are not', async () => {
    const pad = (bytes: number): string => `{"familyName":"${'x'.repeat(bytes - 17)}"}`;
    expect(pad(64 * 1024)).toHaveLength(64 * 1024);
    expectProblem(await post('/v1/families', pad(64 * 1024)), 400, 'invalid-request');
    expectProblem(await post('/v1/families', pad(64 * 1024 + 1)), 413, 'body-too-large');
  });

  it('nested 32 deep are read, and 33 deep are not', async () => {
    const nest = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expectProblem(await post('/v1/families', nest(32)), 400, 'invalid-request');
    expectProblem(await post('/v1/families', nest(33)), 400, 'invalid-json');
    expectProblem(await post('/v1/families', '{"a":'.repeat(33) + '1' + '}'.repeat(33)), 400, 'invalid-json');
    expectProblem(await post('/v1/families', '['.repeat(60_000)), 400, 'invalid-json');
    // Brackets in a text are no nesting.
    expectProblem(
      await post('/v1/families', JSON.stringify({ email: '['.repeat(40) })),
      400,
      'invalid-request',
    );
  });

  it.each([
    ['1e400'],
    ['-1e400'],
    ['9'.repeat(400)],
    ['1e-400'],
    ['9007199254740993'],
    ['2015.0000000000000000000001e-5'],
  ])('with the number %s for a birth year are refused', async (number) => {
    const answer = await post(
      '/v1/family/members',
      `{"role":"child","nickname":"Nina","birthYear":${number}}`,
      {
        authorization: `Bearer ${service.token}`,
      },
    );
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it.each([
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['multipart/form-data; boundary=x'],
    ['application/xml'],
    ['application/jsonp'],
    ['application/merge-patch+json'],
    ['application/json, text/plain'],
    ['nonsense'],
    ['application/json; charset=utf-16'],
    ['application/json; charset=iso-8859-1'],
  ])('of the type %s are refused', async (type) => {
    const answer = await post('/v1/families', JSON.stringify(registrationBody()), { 'content-type': type });
    expectProblem(answer, 415, 'unsupported-media-type');
  });

  it.each([['gzip'], ['br'], ['deflate'], ['gzip, identity'], ['nonsense']])(
    'that say they are compressed (%s) are refused, whatever they are',
    async (coding) => {
      const bytes = JSON.stringify(registrationBody());
      for (const body of [bytes, gzipSync(bytes)]) {
        const answer = await post('/v1/families', body, { 'content-encoding': coding });
        expectProblem(answer, 415, 'unsupported-media-type');
        expect(answer.headers.get('accept-encoding')).toBe('identity');
      }
    },
  );

  it('that say they are not compressed are read', async () => {
    const headers = { 'content-encoding': 'Identity' };
    expectProblem(await post('/v1/families', '{}', headers), 400, 'invalid-request');
  });

  it('with a field that is no text are told so, and nothing about its length', async () => {
    const body = JSON.stringify({ ...registrationBody(), familyName: null, locale: 7 });
    const answer = await post('/v1/families', body);
    expectProblem(answer, 400, 'invalid-request');
    expect(answer.body.errors).toEqual([
      { field: 'familyName', message: 'familyName must be a string' },
      { field: 'locale', message: 'locale must be a string' },
    ]);
  });

  it('without a type are refused', async () => {
    const answer = await call('POST', '/v1/families', { bytes: JSON.stringify(registrationBody()) });
    expectProblem(answer, 415, 'unsupported-media-type');
  });

  it.each([
    ['application/json; charset=utf-8'],
    ['application/json;charset=UTF-8'],
    ['Application/JSON'],
    ['application/json; charset="utf-8"'],
  ])('of the type %s are read', async (type) => {
    expectProblem(await post('/v1/families', '{}', { 'content-type': type }), 400, 'invalid-request');
  });
});
