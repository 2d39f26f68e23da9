/** A kind of problem: its code names it for good, the rest explains it. */
export interface ProblemKind {
  status: number;
  title: string;
  /** Whether the error's own sentence is for the client; otherwise the title is all it is told. */
  tellsDetail?: boolean;
  /** Seconds after which another try makes sense. */
  retryAfter?: number;
}

/**
 * Every problem this API answers with, by its code: `type` is `/problems/<code>`. Codes are stable for good;
 * clients tell problems apart by them and not by their texts.
 */
export const problemKinds = {
  'invalid-request': { status: 400, title: 'The request is not valid', tellsDetail: true },
  'invalid-json': { status: 400, title: 'The body is not valid JSON', tellsDetail: true },
  'invalid-email-address': { status: 400, title: 'The email address is not valid', tellsDetail: true },
  'invalid-password': { status: 400, title: 'The password is not acceptable', tellsDetail: true },
  'invalid-name': { status: 400, title: 'The name is not acceptable', tellsDetail: true },
  'invalid-birth-year': { status: 400, title: 'The birth year is not possible', tellsDetail: true },
  'invalid-locale': { status: 400, title: 'The locale is not a BCP 47 language tag', tellsDetail: true },
  'position-unknown': {
    status: 400,
    title: 'The log has not reached the position that the read asks for',
    tellsDetail: true,
  },
  'not-authenticated': { status: 401, title: 'An access token is needed', tellsDetail: true },
  'invalid-credentials': { status: 401, title: 'The email address or the password is not right' },
  'wrong-password': { status: 403, title: 'The current password is not right' },
  'not-found': { status: 404, title: 'There is nothing at this address' },
  'family-not-found': { status: 404, title: 'There is no such family' },
  'member-not-found': { status: 404, title: 'The family has no such member' },
  'method-not-allowed': { status: 405, title: 'This address does not take this method', tellsDetail: true },
  'email-already-claimed': { status: 409, title: 'A family with this email address exists already' },
  'family-is-closed': { status: 409, title: 'The family is closed; reopen it first' },
  'owner-cannot-be-removed': { status: 409, title: 'The owner cannot be removed from the family' },
  'member-limit-reached': {
    status: 409,
    title: 'The family has as many members as it can',
    tellsDetail: true,
  },
  'member-already-added': { status: 409, title: 'The family has another member with this id' },
  'member-has-no-credential': { status: 409, title: 'This member cannot sign in' },
  'changed-meanwhile': { status: 409, title: 'The family was changed by somebody else at the same moment' },
  'idempotency-key-in-use': {
    status: 409,
    title: 'A request with this Idempotency-Key is still under way',
    retryAfter: 1,
  },
  'precondition-failed': { status: 412, title: 'The family changed since the version named in If-Match' },
  'body-too-large': { status: 413, title: 'The body is larger than 64 KiB' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json' },
  'idempotency-key-reused': { status: 422, title: 'This Idempotency-Key was used for another request' },
  'header-too-large': { status: 431, title: 'The headers are too large or too many' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'internal-error': { status: 500, title: 'Something went wrong on our side' },
  'password-hashing-busy': {
    status: 503,
    title: 'Too many passwords are being checked at once',
    retryAfter: 2,
  },
  'claims-missing': { status: 503, title: 'Email addresses cannot be checked at present', retryAfter: 10 },
  'log-damaged': {
    status: 503,
    title: 'The log needs an operator before this can be answered',
    retryAfter: 60,
  },
  'projection-not-built': {
    status: 503,
    title: 'What this reads has not been built from the log by this version yet',
    retryAfter: 5,
  },
  'projection-behind': {
    status: 503,
    title: 'What this reads has not reached the position that was asked for in time',
    retryAfter: 1,
  },
  'unknown-event-shape': {
    status: 503,
    title: 'This process is older than what it has to read; another one may answer',
    retryAfter: 5,
  },
  'log-unavailable': {
    status: 503,
    title: 'The log did not take this; nothing was stored',
    retryAfter: 2,
  },
  'outcome-unknown': {
    status: 503,
    title: 'It is not known whether this was stored; try again with the same Idempotency-Key',
    retryAfter: 2,
  },
  'service-stopping': { status: 503, title: 'The service is being stopped; try again', retryAfter: 2 },
  'database-unavailable': { status: 503, title: 'The database does not answer', retryAfter: 2 },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof problemKinds;
