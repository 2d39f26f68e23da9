import type { FastifyReply } from 'fastify';
import type { problemOfError } from './problem-of-error.js';

/** Answers with a problem. */
export function sendProblem(
  reply: FastifyReply,
  { problem, headers }: ReturnType<typeof problemOfError>,
): void {
  void reply
    .code(problem.status)
    .headers(headers)
    .type('application/problem+json')
    // As bytes: to text Fastify adds a charset, which this media type does not have (RFC 9457, section 3).
    .send(Buffer.from(JSON.stringify(problem)));
}
