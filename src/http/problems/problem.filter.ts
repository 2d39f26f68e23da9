import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { correlationIdOf } from '../server/correlation-id.js';
import { problemOfError } from './problem-of-error.js';

/** Answers every error, expected or not, as a problem. What is our own fault is logged with its stack. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(this.logger, error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }
}

export function sendProblem(
  logger: Logger,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const correlationId = correlationIdOf(request);
  const { problem, headers } = problemOfError(error, `urn:uuid:${correlationId}`);
  if (problem.status >= 500) {
    logger.error({ err: error, correlationId, problem: problem.type }, 'request failed');
  }
  if (reply.sent) return;
  void reply
    .code(problem.status)
    .headers(headers)
    .type('application/problem+json')
    .send(JSON.stringify(problem));
}
