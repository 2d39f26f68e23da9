import type { FastifyReply } from 'fastify';
import type { LoadedFamily } from '../families/load-family.js';
import { entityTag } from './entity-tags.js';

/** Every answer tells the position it reached, so that a later read can ask for at least that. */
export function answerWith(reply: FastifyReply, family: LoadedFamily, version = family.version): void {
  void reply.header('position', String(family.position)).header('etag', entityTag(version));
}
