import type { FastifyInstance } from 'fastify';
import { HttpProblem } from '../problems/problem.js';

/** Bodies in bytes (64 KiB); larger ones are answered 413. */
export const MAX_BODY_BYTES = 64 * 1024;
/** All headers of a request in bytes, and how many: more are answered 431. */
export const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 100;

/** Node's own defaults are too kind: 60 s for headers, 300 s for a request, connections without end. */
const HEADERS_TIMEOUT_MS = 10_000;
export const REQUEST_TIMEOUT_MS = 15_000;
/** How often Node looks for connections past these times; its own 30 s would make 40 s of 10. */
export const CHECK_CONNECTIONS_EVERY_MS = 1_000;
/** Longer than the 60 s of the usual load balancer, which else meets connections that are being closed. */
export const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** A connection on which nothing moves, be it that a client does not read its answer. */
export const SILENCE_TIMEOUT_MS = 120_000;
const MAX_CONNECTIONS = 5_000;
const MAX_REQUESTS_PER_CONNECTION = 10_000;

/** Sets what Fastify has no option for, on the Node server below it. */
export function limitConnections(server: FastifyInstance): void {
  server.server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.server.maxConnections = MAX_CONNECTIONS;
  // One more than are taken, so that there is a difference between enough and too many.
  server.server.maxHeadersCount = MAX_HEADERS + 1;
  server.server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION;
  server.addHook('onRequest', ({ raw }, _reply, done) => {
    // Node drops what is too much without a word, and that may be the If-Match. Names and values alternate here.
    const tooMany = raw.rawHeaders.length > 2 * MAX_HEADERS;
    done(tooMany ? new HttpProblem('header-too-large') : undefined);
  });
}
