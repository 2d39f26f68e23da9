import { METHOD_METADATA } from '@nestjs/common/constants.js';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { problemKinds, type ProblemCode, type ProblemKind } from '../problems/problem-kinds.js';
import { ProblemView } from '../views/problem-view.js';

/** What any call may be answered with, whatever it is about. */
const ANY_CALL: readonly ProblemCode[] = [
  'invalid-request',
  'request-timeout',
  'header-too-large',
  'internal-error',
  'service-stopping',
];

/** What a call may be answered with that needs an access token, and so a family. */
export const SIGNED_IN: readonly ProblemCode[] = ['not-authenticated', 'family-not-found'];

/** What may be wrong with a body before anybody looks at its fields. */
export const BODY: readonly ProblemCode[] = ['invalid-json', 'body-too-large', 'unsupported-media-type'];

/** What may keep a family's events from being read. */
export const READING: readonly ProblemCode[] = ['database-unavailable', 'log-damaged', 'unknown-event-shape'];

/** Notes the problems a call may be answered with beside those of every call. Several of these add up. */
export function ApiProblems(...codes: ProblemCode[]): MethodDecorator {
  return (_target, _key, { value }) => {
    Reflect.defineMetadata(PROBLEMS, [...notedProblems(value), ...codes], value as object);
  };
}

/**
 * Describes the problems of every call of a controller, one entry per status: those any call may be answered
 * with, those given here, and those the call notes by `ApiProblems`. Every controller has one of these.
 */
export function ApiProblemsOfCalls(...codes: ProblemCode[]): ClassDecorator {
  return ({ prototype }: { prototype: object }) => {
    for (const [name, call] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (typeof call.value !== 'function' || !Reflect.hasMetadata(METHOD_METADATA, call.value as object))
        continue;
      const all = new Set([...ANY_CALL, ...codes, ...notedProblems(call.value)]);
      ApiExtraModels(ProblemView)(prototype, name, call);
      for (const response of responses([...all])) response(prototype, name, call);
    }
  };
}

/** Where a call's problems are noted until its controller describes them. */
const PROBLEMS = Symbol('problems');

function notedProblems(call: unknown): ProblemCode[] {
  return (Reflect.getMetadata(PROBLEMS, call as object) ?? []) as ProblemCode[];
}

function responses(codes: readonly ProblemCode[]): MethodDecorator[] {
  const statuses = [...new Set(codes.map((code) => problemKinds[code].status))];
  return statuses.map((status) => {
    const ofStatus = codes.filter((code) => problemKinds[code].status === status);
    return ApiResponse({
      status,
      description: ofStatus.map((code) => `\`/problems/${code}\`: ${problemKinds[code].title}`).join('\n\n'),
      headers: headersOf(ofStatus),
      content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemView) } } },
    });
  });
}

function headersOf(codes: readonly ProblemCode[]): Record<string, object> {
  const retryAfter = {
    description: 'Seconds after which another try makes sense.',
    schema: { type: 'integer' },
  };
  const kinds: readonly ProblemKind[] = codes.map((code) => problemKinds[code]);
  return kinds.some((kind) => kind.retryAfter !== undefined) ? { 'Retry-After': retryAfter } : {};
}
