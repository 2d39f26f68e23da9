import type { FastifyInstance } from 'fastify';

/** Bodies in bytes (64 KiB); larger ones are answered 413. */
export const MAX_BODY_BYTES = 64 * 1024;

/** Node's own defaults are too kind: 60 s for headers, 300 s for a request, connections without end. */
const HEADERS_TIMEOUT_MS = 10_000;
export const REQUEST_TIMEOUT_MS = 15_000;
/** How often Node looks for connections past these times; its own 30 s would make 40 s of 10. */
export const CHECK_CONNECTIONS_EVERY_MS = 1_000;
export const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const MAX_CONNECTIONS = 5_000;
const MAX_HEADERS = 100;
const MAX_REQUESTS_PER_CONNECTION = 10_000;

/** Sets what Fastify has no option for, on the Node server below it. */
export function limitConnections(server: FastifyInstance): void {
  server.server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.server.maxConnections = MAX_CONNECTIONS;
  server.server.maxHeadersCount = MAX_HEADERS;
  server.server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION;
}
