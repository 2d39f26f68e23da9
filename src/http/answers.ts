import type { FastifyReply } from 'fastify';
import type { LoadedFamily } from '../families/load-family.js';
import { entityTag, isKnownVersion } from './entity-tags.js';

/** What an answer is about, as far as its headers tell: a family, or what was made of one. */
type Answered = Pick<LoadedFamily, 'position' | 'version'>;

/** Every answer tells the position it reached, so that a later read can ask for at least that. */
export function answerWith(reply: FastifyReply, family: Answered, version = family.version): void {
  void reply.header('position', String(family.position)).header('etag', entityTag(version));
}

/** The same for a read: 304 and undefined, which is no body, where the client has this version already. */
export function answerRead<View>(
  reply: FastifyReply,
  ifNoneMatch: string | undefined,
  family: Answered,
  view: View,
  version = family.version,
): View | undefined {
  answerWith(reply, family, version);
  if (!isKnownVersion(ifNoneMatch, version)) return view;
  void reply.code(304);
  return undefined;
}
