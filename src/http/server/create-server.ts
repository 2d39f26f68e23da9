import type { Socket } from 'node:net';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { validationPipe } from '../dto/validation.js';
import { serveOpenApi } from '../openapi/document.js';
import { problemOfError } from '../problems/problem-of-error.js';
import { ProblemFilter } from '../problems/problem.filter.js';
import { sendProblem } from '../problems/send-problem.js';
import { HttpProblem } from '../problems/problem.js';
import { correlationIdOf, requestIdOf } from './correlation-id.js';
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
export function configureServer(app: NestFastifyApplication, logger: Logger): void {
  const server = app.getHttpAdapter().getInstance();
  const methods = new KnownMethods(server);
  // First of all, so that refusals have these headers, too.
  server.addHook('onRequest', async (request, reply) => {
    void reply.header('x-correlation-id', correlationIdOf(request)).header('cache-control', 'no-store');
  });
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

/** What Fastify refuses while it looks for a route: bad percent-encoding, a parameter longer than any of ours. */
function answerUnroutableRequest(refusal: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const correlationId = correlationIdOf(request);
  void reply.header('x-correlation-id', correlationId).header('cache-control', 'no-store');
  const error =
    refusal.code === 'FST_ERR_BAD_URL'
      ? new HttpProblem('invalid-request', 'The address cannot be decoded')
      : new HttpProblem('not-found');
  sendProblem(reply, problemOfError(error, `urn:uuid:${correlationId}`));
}

/** What Node refuses before there is a request: answered as a problem, too, and the connection closed. */
function answerUnreadableRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const code =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 'header-too-large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'request-timeout'
        : 'invalid-request';
  const { problem } = problemOfError(
    new HttpProblem(code, 'The request is not valid HTTP/1.1'),
    'about:blank',
  );
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} Refused\r\nConnection: close\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
