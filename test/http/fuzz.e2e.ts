import fc from 'fast-check';
import { startTestService, type TestService } from '../support/test-service.js';

/** How many bodies are tried on each call. */
const RUNS = 150;

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom('a@example.org', '@', '#claims', '$where', '\ud800', 'x'.repeat(600), '__proto__'),
);
const anything = fc.oneof(text, fc.jsonValue({ maxDepth: 3 }));
const name = fc.oneof(
  fc.constantFrom('email', 'password', 'familyName', 'locale', 'device', '$gt', 'constructor', 'toString'),
  fc.string({ maxLength: 10 }),
);
const body = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.dictionary(name, anything, { maxKeys: 8 }),
  fc.record({ email: text, password: text, familyName: text }, { requiredKeys: [] }),
  fc.record({ email: anything, password: anything, familyName: anything, locale: anything }),
);

describe('whatever JSON is sent', () => {
  it.each([['/v1/families'], ['/v1/sessions']])('to %s, the service is never at fault', async (path) => {
    await fc.assert(
      fc.asyncProperty(body, async (value) => {
        const answer = await service.call('POST', path, {
          bytes: JSON.stringify(value),
          headers: { 'content-type': 'application/json' },
        });
        expect([201, 400, 401, 409]).toContain(answer.status);
        if (answer.status !== 201) {
          expect(answer.headers.get('content-type')).toBe('application/problem+json');
          expect(answer.body).toMatchObject({
            type: expect.stringMatching(/^\/problems\//),
            status: answer.status,
          });
        }
      }),
      { numRuns: RUNS },
    );
    expect(service.logged.filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
  });
});
