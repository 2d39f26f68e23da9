import type { Answer } from './test-service.js';

/** A value that would be recognised wherever it leaked to. */
export const MARK = 'unmistakable-value';

/** The answer is this problem, complete, and holds nothing of what was sent and nothing of what is inside. */
export function expectProblem({ status, headers, body, text }: Answer, wanted: number, code: string): void {
  expect({ status, type: body?.type }).toEqual({ status: wanted, type: `/problems/${code}` });
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(body).toMatchObject({ title: expect.stringMatching(/\S/), status: wanted });
  for (const name of Object.keys(body)) {
    expect(['type', 'title', 'status', 'detail', 'instance', 'errors']).toContain(name);
  }
  expect(text).not.toContain(MARK);
  expect(text).not.toMatch(/node_modules|\bat \S+ \(|\.[jt]s:\d|Mongo|E11000|class-validator/);
}
