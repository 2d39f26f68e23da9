import type { FastifyReply, FastifyRequest } from 'fastify';
import { correlationIdOf } from './correlation-id.js';

/** Answers hold tokens and personal data: nobody keeps them, and no browser guesses what they are. */
export const ON_EVERY_ANSWER = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

/** Sets what every answer has, whatever it says. There is no CORS header among it: no other site may read one. */
export function prepareAnswer(request: FastifyRequest, reply: FastifyReply): void {
  void reply.headers({ ...ON_EVERY_ANSWER, 'x-correlation-id': correlationIdOf(request) });
}
