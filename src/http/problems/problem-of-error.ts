import { HttpException } from '@nestjs/common';
import { isDatabaseAway } from '../../database/database-away.js';
import {
  AppendTooLarge,
  ClaimsMissing,
  LogDamaged,
  LogUnavailable,
  OutcomeUnknown,
  RecordExists,
  VersionConflict,
} from '../../event-log/errors.js';
import { FamilyChanged } from '../../families/command-context.js';
import { DomainError } from '../../families/domain/errors.js';
import { CredentialsChanged, WrongPassword } from '../../families/families.service.js';
import { FamilyKeyMissing } from '../../families/load-family.js';
import { PasswordHashingBusy } from '../../families/password-hashing.js';
import { IdempotencyKeyInUse, IdempotencyKeyReused } from '../../idempotency/idempotency-keys.js';
import { KeyDoesNotUnwrap } from '../../privacy/wrap-key.js';
import { SealBroken } from '../../privacy/seal.js';
import { AccessTokenInvalid } from '../../sessions/access-tokens.js';
import { InvalidCredentials } from '../../sessions/sign-in.js';
import { HttpProblem, type Problem } from './problem.js';
import { problemKinds, type ProblemCode } from './problem-kinds.js';

type ErrorClass = abstract new (...args: never[]) => Error;

/** Which error is which problem. Only here the core's errors meet HTTP. */
const codeByErrorClass: readonly (readonly [ErrorClass, ProblemCode])[] = [
  [InvalidCredentials, 'invalid-credentials'],
  [CredentialsChanged, 'invalid-credentials'],
  [AccessTokenInvalid, 'not-authenticated'],
  [WrongPassword, 'wrong-password'],
  [FamilyChanged, 'precondition-failed'],
  [IdempotencyKeyReused, 'idempotency-key-reused'],
  [IdempotencyKeyInUse, 'idempotency-key-in-use'],
  [PasswordHashingBusy, 'password-hashing-busy'],
  [VersionConflict, 'changed-meanwhile'],
  [AppendTooLarge, 'invalid-request'],
  [ClaimsMissing, 'claims-missing'],
  [LogUnavailable, 'log-unavailable'],
  [OutcomeUnknown, 'outcome-unknown'],
  [LogDamaged, 'log-damaged'],
  [FamilyKeyMissing, 'log-damaged'],
  [SealBroken, 'log-damaged'],
  [KeyDoesNotUnwrap, 'log-damaged'],
];

/** Fastify's own refusals, which come before any handler. */
const codeByFastifyError: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid-request',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid-json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid-json',
};

/** An error as the problem it is answered with, and the headers that go with it. */
export function problemOfError(
  error: unknown,
  instance: string,
): { problem: Problem; headers: Readonly<Record<string, string>> } {
  const code = codeOf(error);
  const { status, title, tellsDetail, retryAfter } = kindOf(code);
  const detail = tellsDetail === true && isOurs(error) ? error.message : undefined;
  const errors = error instanceof HttpProblem ? error.errors : undefined;
  return {
    problem: {
      type: `/problems/${code}`,
      title,
      status,
      ...(detail === undefined ? {} : { detail }),
      instance,
      ...(errors === undefined ? {} : { errors }),
    },
    headers: {
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(error instanceof HttpProblem ? error.headers : {}),
    },
  };
}

function codeOf(error: unknown): ProblemCode {
  if (error instanceof HttpProblem || error instanceof DomainError) {
    return isProblemCode(error.code) ? error.code : 'internal-error';
  }
  if (error instanceof RecordExists) return codeOfExisting(error);
  return (
    codeByErrorClass.find(([errorClass]) => error instanceof errorClass)?.[1] ??
    // Before the database: an upload that breaks off has the code of a broken socket, and is the client's.
    codeOfFastifyError(error) ??
    (isDatabaseAway(error) ? 'database-unavailable' : 'internal-error')
  );
}

/** Whether the error's sentence is of our own making, and so may be for clients. */
function isOurs(error: unknown): error is Error {
  return (
    error instanceof HttpProblem ||
    error instanceof DomainError ||
    codeByErrorClass.some(([errorClass]) => error instanceof errorClass)
  );
}

/**
 * A record of a key is another process' answer, which a retry gets. The key of a new family has an id that
 * nobody else has: another try makes another.
 */
function codeOfExisting({ collection }: RecordExists): ProblemCode {
  return collection === 'idempotency_keys' ? 'idempotency-key-in-use' : 'log-unavailable';
}

/** Fastify and Nest mark what they refuse, or could not read, with the status they would answer. */
function codeOfFastifyError(error: unknown): ProblemCode | undefined {
  if (error instanceof HttpException) return codeOfStatus(error.getStatus());
  if (typeof error !== 'object' || error === null) return undefined;
  const known =
    'code' in error && typeof error.code === 'string' ? codeByFastifyError[error.code] : undefined;
  if (known !== undefined) return known;
  return 'statusCode' in error && typeof error.statusCode === 'number'
    ? codeOfStatus(error.statusCode)
    : undefined;
}

function codeOfStatus(status: number): ProblemCode {
  if (status === 404) return 'not-found';
  if (status === 413) return 'body-too-large';
  if (status === 415) return 'unsupported-media-type';
  return status >= 400 && status < 500 ? 'invalid-request' : 'internal-error';
}

function kindOf(code: ProblemCode): {
  status: number;
  title: string;
  tellsDetail?: boolean;
  retryAfter?: number;
} {
  return problemKinds[code];
}

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problemKinds, code);
}
