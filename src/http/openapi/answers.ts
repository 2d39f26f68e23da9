import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { FamilyView, MemberView } from '../views/family-view.js';
import { HistoryView } from '../views/history-view.js';
import { FamilyWithSession } from '../views/session-view.js';

type Tagged = 'family' | 'member';

/** Answers 200 with the family. */
export function ApiFamily(): MethodDecorator {
  return ApiWrapped(200, 'family', { family: FamilyView });
}

/** Answers with one member. */
export function ApiMember(status: 200 | 201): MethodDecorator {
  return ApiWrapped(status, 'member', { member: MemberView });
}

/** Answers 200 with all members; the tag is the family's. */
export function ApiMembers(): MethodDecorator {
  return ApiWrapped(200, 'family', { members: [MemberView] });
}

/** Answers 200 with a part of the family's history; its tag is the place in the log that it has reached. */
export function ApiHistory(): MethodDecorator {
  const headers = headersOf('family', 200);
  return ApiResponse({
    status: 200,
    type: HistoryView,
    headers: {
      ...headers,
      ETag: { description: 'The position, in quotes: for If-None-Match.', schema: { type: 'string' } },
    },
  });
}

/** Answers 201 with a family and a session for one of its members. */
export function ApiFamilyWithSession(): MethodDecorator {
  return ApiResponse({ status: 201, type: FamilyWithSession, headers: headersOf('family', 201) });
}

/** Answers 204, with the place in the log and the family's version for all that it says. */
export function ApiNoContent(): MethodDecorator {
  return ApiResponse({ status: 204, description: 'Done', headers: headersOf('family', 204) });
}

/** An answer of 200 that is no part of version 1's promises. */
export function ApiOk(description: string): MethodDecorator {
  return ApiResponse({ status: 200, description });
}

function ApiWrapped(
  status: 200 | 201,
  tagged: Tagged,
  wrapped: Record<string, Type | [Type]>,
): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(...Object.values(wrapped).flat()),
    ApiResponse({
      status,
      headers: headersOf(tagged, status),
      schema: {
        type: 'object',
        required: Object.keys(wrapped),
        properties: Object.fromEntries(Object.entries(wrapped).map(([name, view]) => [name, schemaOf(view)])),
      },
    }),
  );
}

function schemaOf(view: Type | [Type]): object {
  return Array.isArray(view)
    ? { type: 'array', items: { $ref: getSchemaPath(view[0]) } }
    : { $ref: getSchemaPath(view) };
}

function headersOf(tagged: Tagged, status: number): Record<string, { description: string; schema: object }> {
  return {
    Position: { description: 'The place in the log this answer reached.', schema: { type: 'integer' } },
    ETag: { description: `The ${tagged}'s version, for If-Match.`, schema: { type: 'string' } },
    ...(status === 201 ? { Location: { description: 'Where it is read.', schema: { type: 'string' } } } : {}),
  };
}
