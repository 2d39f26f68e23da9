import type { FastifyRequest } from 'fastify';
import { v7 as uuidv7, validate } from 'uuid';

const correlationIds = new WeakMap<object, string>();
const requestIds = new WeakMap<object, string>();

/**
 * What a request is found by, in the log, in the events it caused and in the problem it was answered with:
 * `X-Correlation-Id` where the client sent a UUID, a new one otherwise. Nothing but a UUID is taken, since it
 * is stored in the clear with the events.
 */
export function correlationIdOf(request: FastifyRequest): string {
  const known = correlationIds.get(request.raw);
  if (known !== undefined) return known;
  const sent = request.headers['x-correlation-id'];
  const id = typeof sent === 'string' && validate(sent) ? sent.toLowerCase() : uuidv7();
  correlationIds.set(request.raw, id);
  return id;
}

/** One request and no other: the cause of what it does. In the service's log beside its correlation id. */
export function requestIdOf(request: FastifyRequest): string {
  const id = requestIds.get(request.raw) ?? uuidv7();
  requestIds.set(request.raw, id);
  return id;
}
