import type { FastifyInstance } from 'fastify';
import { HttpProblem } from '../problems/problem.js';

/** Deeper JSON is no request of ours, and parsers and serialisers overflow on it. */
const MAX_DEPTH = 32;

/** Bodies are JSON or refused (415). `__proto__` and `constructor.prototype` keys are refused, never merged. */
export function acceptJsonOnly(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body.toString();
    if (text.trim() === '') return done(null, undefined);
    if (isDeeperThan(text, MAX_DEPTH)) {
      return done(new HttpProblem('invalid-json', `The body is nested deeper than ${MAX_DEPTH} levels`));
    }
    // The parser calls back at once, with its own error for malformed text.
    return parseJson(request, text, (error, value) => {
      if (error !== null) done(new HttpProblem('invalid-json', 'The body cannot be read as JSON'));
      else done(null, value);
    });
  });
}

/** Counts brackets outside strings, before anything is parsed. */
export function isDeeperThan(json: string, limit: number): boolean {
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
