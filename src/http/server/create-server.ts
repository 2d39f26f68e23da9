import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { validationPipe } from '../dto/validation.js';
import { serveOpenApi } from '../openapi/document.js';
import { ProblemFilter } from '../problems/problem.filter.js';
import { HttpProblem } from '../problems/problem.js';
import { AnswerInTime } from './answer-in-time.js';
import { correlationIdOf, requestIdOf } from './correlation-id.js';
import { prepareAnswer } from './every-answer.js';
import { acceptJsonOnly } from './json-body.js';
import {
  CHECK_CONNECTIONS_EVERY_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  limitConnections,
  MAX_BODY_BYTES,
  MAX_HEADER_BYTES,
  REQUEST_TIMEOUT_MS,
  SILENCE_TIMEOUT_MS,
} from './limits.js';
import { KnownMethods } from './methods.js';
import { answerUnreadableRequest, answerUnroutableRequest, ignoreExpectations } from './refuse-early.js';

/** Fastify as this service wants it: limits, and problems for what it refuses by itself. */
export function createAdapter(): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionTimeout: SILENCE_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    // Its own answer while it stops is no problem document: `refuseWhileStopping` answers instead.
    return503OnClosing: false,
    http: {
      connectionsCheckingInterval: CHECK_CONNECTIONS_EVERY_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      // Node would refuse a request without `Host` by itself, and not as a problem.
      requireHostHeader: false,
    },
    clientErrorHandler: answerUnreadableRequest,
    frameworkErrors: answerUnroutableRequest,
  });
}

/** Everything that surrounds the controllers. Call it before `app.init()` or `app.listen()`. */
export function configureServer(
  app: NestFastifyApplication,
  { logger, appendDeadlineMs }: { logger: Logger; appendDeadlineMs: number },
): void {
  const server = app.getHttpAdapter().getInstance();
  const methods = new KnownMethods(server);
  // First of all, so that refusals have these headers, too.
  server.addHook('onRequest', (request, reply, done) => {
    prepareAnswer(request, reply);
    done();
  });
  ignoreExpectations(server.server);
  refuseWhileStopping(server);
  limitConnections(server);
  requireHost(server);
  acceptJsonOnly(server);
  server.addHook('onResponse', async (request, reply) => {
    logger.info(
      { ...logged(request), status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'request',
    );
  });
  // Whoever is gone gets no answer, and Fastify then tells of no response either.
  server.addHook('onRequestAbort', (request, done) => {
    logger.info(logged(request), 'request broken off');
    done();
  });
  app.useGlobalInterceptors(new AnswerInTime(appendDeadlineMs));
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter(logger, methods));
  serveOpenApi(app);
}

function requireHost(server: FastifyInstance): void {
  server.addHook('onRequest', ({ headers, raw }, _reply, done) => {
    const isMissing = headers.host === undefined && raw.httpVersion === '1.1';
    done(isMissing ? new HttpProblem('invalid-request', 'An HTTP/1.1 request names its Host') : undefined);
  });
}

/** The route's pattern and never the address itself, which may hold anything a client put there. */
function logged(request: FastifyRequest): Record<string, string> {
  return {
    method: request.method,
    route: request.routeOptions.url ?? 'unknown',
    correlationId: correlationIdOf(request),
    requestId: requestIdOf(request),
  };
}

/** A connection that is still open brings no new work to a service that stops: that would find no database. */
function refuseWhileStopping(server: FastifyInstance): void {
  const state = { stopping: false };
  server.addHook('preClose', (done) => {
    state.stopping = true;
    done();
  });
  server.addHook('onRequest', async (_request, reply) => {
    if (!state.stopping) return;
    void reply.header('connection', 'close');
    throw new HttpProblem('service-stopping');
  });
}
