import { Catch, NotFoundException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { correlationIdOf } from '../server/correlation-id.js';
import type { KnownMethods } from '../server/methods.js';
import { problemOfError } from './problem-of-error.js';
import { HttpProblem } from './problem.js';
import { sendProblem } from './send-problem.js';

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
    const answer = problemOfError(cause, `urn:uuid:${correlationId}`);
    if (answer.problem.status >= 500) {
      this.logger.error({ err: error, correlationId, problem: answer.problem.type }, 'request failed');
    }
    if (!reply.sent) sendProblem(reply, answer);
  }

  /** Nest's own 404: nothing is there, or something that takes other methods. */
  private unknownRoute(request: FastifyRequest): HttpProblem {
    const allowed = this.methods.of(request.url.split('?', 1)[0] ?? '');
    // A path that takes this method and was not found differs in what the pattern does not see: its length.
    if (allowed.length === 0 || allowed.includes(request.method)) return new HttpProblem('not-found');
    const allow = allowed.join(', ');
    return new HttpProblem('method-not-allowed', `It takes ${allow}`, undefined, { allow });
  }
}
