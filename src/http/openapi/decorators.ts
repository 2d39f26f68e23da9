import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiHeader, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { problemKinds, type ProblemCode } from '../problems/problem-kinds.js';
import { FamilyView, MemberView } from '../views/family-view.js';
import { FamilyWithSession } from '../views/session-view.js';
import { ProblemView } from '../views/problem-view.js';

type Decorator = MethodDecorator & ClassDecorator;

const position = {
  Position: {
    description: 'The place in the log this answer reached.',
    schema: { type: 'integer' as const },
  },
};
const entityTagHeader = {
  ETag: { description: 'The version, for If-Match.', schema: { type: 'string' as const } },
};

/** A mutation: takes an Idempotency-Key, answers with its position. */
export function ApiMutation(): Decorator {
  return applyDecorators(
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'Makes a retry safe: for 24 hours the same key with the same request gets the first answer again.',
    }),
    ApiProblems(
      ...BODY_PROBLEMS,
      'idempotency-key-reused',
      'idempotency-key-in-use',
      'log-unavailable',
      'outcome-unknown',
      'database-unavailable',
    ),
  );
}

export function ApiIfMatch(): Decorator {
  return applyDecorators(
    ApiHeader({ name: 'If-Match', required: false, description: 'Refuses the change of any other version.' }),
    ApiProblems('precondition-failed'),
  );
}

export function ApiEntityTag(): Decorator {
  return applyDecorators(ApiHeader({ name: 'If-None-Match', required: false }), ApiResponse({ status: 304 }));
}

export function ApiFamily(): Decorator {
  return ApiWrapped(200, 'family', FamilyView);
}

export function ApiMember(status: 200 | 201): Decorator {
  return ApiWrapped(status, 'member', MemberView);
}

export function ApiFamilyWithSession(status: 201): Decorator {
  return applyDecorators(
    ApiResponse({ status, type: FamilyWithSession, headers: { ...position, ...entityTagHeader } }),
  );
}

/** What may be wrong with a body before anybody looks at its fields. */
export const BODY_PROBLEMS = [
  'invalid-request',
  'invalid-json',
  'body-too-large',
  'unsupported-media-type',
] as const satisfies ProblemCode[];

/**
 * The problems a call, or every call of a controller, may be answered with, by their codes; one entry per
 * status. Several of these add up.
 */
export function ApiProblems(...codes: ProblemCode[]): Decorator {
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const decorated = (descriptor?.value as object | undefined) ?? target;
    const before = (Reflect.getMetadata(PROBLEMS, decorated) ?? []) as ProblemCode[];
    const all = [...new Set([...before, ...codes])];
    Reflect.defineMetadata(PROBLEMS, all, decorated);
    const describe = applyDecorators(ApiExtraModels(ProblemView), ...responses(all));
    // The overloads of a decorator cannot be told from its arguments.
    (describe as (...args: unknown[]) => void)(target, key, descriptor);
  };
}

/** Where the codes collected so far are kept. */
const PROBLEMS = Symbol('problems');

function responses(codes: readonly ProblemCode[]): Decorator[] {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const { status } = problemKinds[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return [...byStatus].map(([status, ofStatus]) =>
    ApiResponse({
      status,
      description: ofStatus.map((code) => `\`/problems/${code}\`: ${problemKinds[code].title}`).join('\n\n'),
      content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemView) } } },
    }),
  );
}

export function ApiNoContent(): Decorator {
  return applyDecorators(
    ApiResponse({ status: 204, description: 'Done', headers: { ...position, ...entityTagHeader } }),
  );
}

/** An answer of 200 that is no part of version 1's promises. */
export function ApiOk(description: string): Decorator {
  return applyDecorators(ApiResponse({ status: 200, description }));
}

function ApiWrapped(status: 200 | 201, name: string, view: typeof FamilyView | typeof MemberView): Decorator {
  return applyDecorators(
    ApiExtraModels(view),
    ApiResponse({
      status,
      headers: { ...position, ...entityTagHeader },
      schema: {
        type: 'object',
        required: [name],
        properties: { [name]: { $ref: getSchemaPath(view) } },
      },
    }),
  );
}
