import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';
import { ApiProblems, BODY, READING } from './problems.js';

/** A mutation: it takes an `Idempotency-Key`, and may fail as everything that reads, decides and appends. */
export function ApiMutation(): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'Makes a retry safe: for 24 hours the same key with the same request gets the first answer again.',
    }),
    ApiProblems(
      ...BODY,
      ...READING,
      'idempotency-key-reused',
      'idempotency-key-in-use',
      'log-unavailable',
      'outcome-unknown',
    ),
  );
}

/** A mutation of what is there already: it takes an `If-Match`, and others may change the same meanwhile. */
export function ApiIfMatch(of: 'family' | 'member'): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'If-Match',
      required: false,
      description: `Entity tags of the ${of}, or \`*\`: the ${of} is changed only while it has one of them.`,
    }),
    ApiProblems('precondition-failed', 'changed-meanwhile'),
  );
}

/** A read of a family from its stream: it may fail as everything that reads streams. */
export function ApiStreamRead(): MethodDecorator {
  return applyDecorators(ApiConditionalRead(), ApiProblems(...READING, 'position-unknown'));
}

/** A read of what a projection has made: it may not be there yet, or not far enough. */
export function ApiReadModelRead(): MethodDecorator {
  return applyDecorators(
    ApiConditionalRead(),
    ApiProblems('database-unavailable', 'log-damaged', 'position-unknown'),
    ApiProblems('projection-not-built', 'projection-behind'),
  );
}

/** It takes an `If-None-Match`, and is answered without a body where nothing has changed. */
function ApiConditionalRead(): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'If-None-Match',
      required: false,
      description: 'Entity tags of what the client has already.',
    }),
    ApiResponse({ status: 304, description: 'The client has this version already.' }),
  );
}
