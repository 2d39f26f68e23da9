import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { problemOfError } from '../problems/problem-of-error.js';
import { HttpProblem } from '../problems/problem.js';
import { sendProblem } from '../problems/send-problem.js';
import { correlationIdOf } from './correlation-id.js';
import { ON_EVERY_ANSWER, prepareAnswer } from './every-answer.js';

/** What Fastify refuses while it looks for a route: bad percent-encoding, a parameter longer than any of ours. */
export function answerUnroutableRequest(
  refusal: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  prepareAnswer(request, reply);
  const error =
    refusal.code === 'FST_ERR_BAD_URL'
      ? new HttpProblem('invalid-request', 'The address cannot be decoded')
      : new HttpProblem('not-found');
  sendProblem(reply, problemOfError(error, `urn:uuid:${correlationIdOf(request)}`));
}

/** What Node refuses before there is a request: answered as a problem, too, and the connection closed. */
export function answerUnreadableRequest(error: NodeJS.ErrnoException, socket: Socket): void {
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
  const headers = {
    connection: 'close',
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    ...ON_EVERY_ANSWER,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${problem.status} Refused\r\n${lines.join('')}\r\n${body}`);
}

/** Node answers an `Expect` it does not know with a bare 417; a server may as well do as if it was not there. */
export function ignoreExpectations(server: Server): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}
