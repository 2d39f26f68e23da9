import { PASSWORD, uniqueEmail, type Answer, type CallOptions } from './test-service.js';

let keys = 0;

/** A key nobody used before. */
export function newKey(): string {
  keys += 1;
  return `a-key-of-a-client-${keys}`;
}

/** What a retry must give again. */
export function lasting({ status, headers, body }: Answer): unknown {
  const told = ['position', 'etag', 'location'].map((name) => headers.get(name));
  return { status, told, body: body?.session === undefined ? body : { ...body, session: undefined } };
}

/** A registration of an address nobody else has. */
export function registration(overrides: Record<string, unknown> = {}): { body: Record<string, unknown> } {
  return { body: { email: uniqueEmail(), password: PASSWORD, familyName: 'The Testers', ...overrides } };
}

/** The same call with an Idempotency-Key. */
export function keyed(key: string, options: CallOptions = {}): CallOptions {
  return { ...options, headers: { ...options.headers, 'idempotency-key': key } };
}
