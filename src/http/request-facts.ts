import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { HttpProblem } from './problems/problem.js';
import { correlationIdOf, requestIdOf } from './server/correlation-id.js';

/** Longest key taken, in characters. */
const MAX_KEY = 255;

/** What of a request a command needs beside its body. */
export interface RequestFacts {
  correlationId: string;
  requestId: string;
  method: string;
  /** Path without the query. */
  path: string;
  body: unknown;
  idempotencyKey: string | undefined;
  ifMatch: string | undefined;
}

/** Hands a controller the facts of its request. */
export const Facts = createParamDecorator((_: unknown, context: ExecutionContext): RequestFacts => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  return {
    correlationId: correlationIdOf(request),
    requestId: requestIdOf(request),
    method: request.method,
    path: request.url.split('?', 1)[0] ?? request.url,
    body: request.body,
    idempotencyKey: keyOf(request.headers['idempotency-key']),
    ifMatch: request.headers['if-match'],
  };
});

/** A structured-field string, as the IETF draft has it ("…"), or the bare key that most clients send. */
function keyOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = typeof header === 'string' ? header.trim() : '';
  const key = /^"(.*)"$/.exec(text)?.[1] ?? text;
  if (key === '' || key.length > MAX_KEY || !/^[\x21-\x7e]+$/.test(key)) {
    throw new HttpProblem(
      'invalid-request',
      `Idempotency-Key holds one key of 1 to ${MAX_KEY} visible ASCII characters`,
    );
  }
  return key;
}
