import type { FastifyInstance } from 'fastify';
import { HttpProblem } from '../problems/problem.js';

/** Deeper JSON is no request of ours, and parsers and serialisers overflow on it. */
const MAX_DEPTH = 32;

/** What every object inherits. No field of ours is called like that, and class-transformer drops them in silence. */
const INHERITED = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype']);

/**
 * Bodies are JSON in UTF-8, not compressed, or refused (415; RFC 9110, section 15.5.16). `__proto__` and `constructor.prototype` keys are refused, never
 * merged.
 */
export function acceptJsonOnly(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addHook('onRequest', ({ headers }, _reply, done) => {
    // Nothing here decodes any: read as it is, such a body would be taken for something else than it says it is.
    const coding = headers['content-encoding']?.trim().toLowerCase() ?? '';
    const isPlain = coding === '' || coding === 'identity';
    done(
      isPlain
        ? undefined
        : new HttpProblem('unsupported-media-type', undefined, undefined, { 'accept-encoding': 'identity' }),
    );
  });
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (!isUtf8(request.headers['content-type'])) return done(new HttpProblem('unsupported-media-type'));
    const text = decode(body);
    if (text === null) return done(new HttpProblem('invalid-json', 'The body is not UTF-8'));
    if (text.trim() === '') return done(null, undefined);
    if (isDeeperThan(text, MAX_DEPTH)) {
      return done(new HttpProblem('invalid-json', `The body is nested deeper than ${MAX_DEPTH} levels`));
    }
    // The parser calls back at once, with its own error for malformed text.
    return parseJson(request, text, (error, value: unknown) => {
      if (error !== null) done(new HttpProblem('invalid-json', 'The body cannot be read as JSON'));
      else if (hasInheritedName(value)) done(new HttpProblem('invalid-request', 'A field is unknown'));
      else done(null, value);
    });
  });
}

/** RFC 8259, section 8.1: JSON is UTF-8; a charset, which its media type does not have, may say only that. */
function isUtf8(contentType = ''): boolean {
  const charset = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(contentType)?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
}

/** Null for bytes that are no UTF-8: replaced by U+FFFD they would be stored as something nobody sent. */
function decode(body: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return null;
  }
}

function hasInheritedName(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && Object.keys(value).some((name) => INHERITED.has(name))
  );
}

/** Counts brackets outside strings, before anything is parsed. */
function isDeeperThan(json: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < json.length; index += 1) {
    const char = json.charCodeAt(index);
    if (inString) {
      if (char === BACKSLASH) index += 1;
      else if (char === QUOTE) inString = false;
    } else if (char === QUOTE) inString = true;
    else if (char === OPEN_BRACE || char === OPEN_BRACKET) {
      depth += 1;
      if (depth > limit) return true;
    } else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) depth -= 1;
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
