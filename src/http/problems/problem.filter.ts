import { Catch, NotFoundException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { correlationIdOf } from '../server/correlation-id.js';
import type { KnownMethods } from '../server/methods.js';
import { problemOfError } from './problem-of-error.js';
import { HttpProblem } from './problem.js';

/** Answers every error, expected or not, as a problem. What is our own fault is logged with its stack. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly methods: KnownMethods,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const correlationId = correlationIdOf(request);
    const cause = error instanceof NotFoundException ? this.unknownRoute(request) : error;
    const { problem, headers } = problemOfError(cause, `urn:uuid:${correlationId}`);
    if (problem.status >= 500) {
      this.logger.error({ err: error, correlationId, problem: problem.type }, 'request failed');
    }
    if (reply.sent) return;
    void reply
      .code(problem.status)
      .headers(headers)
      .type('application/problem+json')
      // As bytes: to text Fastify adds a charset, which this media type does not have (RFC 9457, section 3).
      .send(Buffer.from(JSON.stringify(problem)));
  }

  /** Nest's own 404: nothing is there, or something that takes other methods. */
  private unknownRoute(request: FastifyRequest): HttpProblem {
    const allowed = this.methods.of(request.url.split('?', 1)[0] ?? '').join(', ');
    return allowed === ''
      ? new HttpProblem('not-found')
      : new HttpProblem('method-not-allowed', `It takes ${allowed}`, undefined, { allow: allowed });
  }
}
