import type { FastifyRequest } from 'fastify';
import { v7 as uuidv7, validate } from 'uuid';

const ids = new WeakMap<object, string>();

/**
 * What a request is found by, in the log, in the events it caused and in the problem it was answered with:
 * `X-Correlation-Id` where the client sent a UUID, a new one otherwise. Nothing but a UUID is taken, since it
 * is stored in the clear with the events.
 */
export function correlationIdOf(request: FastifyRequest): string {
  const known = ids.get(request.raw);
  if (known !== undefined) return known;
  const sent = request.headers['x-correlation-id'];
  const id = typeof sent === 'string' && validate(sent) ? sent.toLowerCase() : uuidv7();
  ids.set(request.raw, id);
  return id;
}
