import { isDatabaseAway } from '../database/database-away.js';
import { UserFacingError } from '../config/user-facing-error.js';
import { LogDamaged, LogUnavailable, OutcomeUnknown } from '../event-log/errors.js';
import { ClaimsLeaseTaken, ClaimsRebuildDisturbed } from '../families/claims/claims-lease.js';
import { UnknownEventShape } from '../families/domain/errors.js';
import { FamilyKeyMissing } from '../families/load-family.js';
import { SealBroken } from '../privacy/seal.js';
import { KeyDoesNotUnwrap } from '../privacy/wrap-key.js';

type ErrorClass = abstract new (...args: never[]) => Error;

const WAIT =
  'make sure that MongoDB runs and has a primary ("family-accounts database status"), then try again';
const RESTORE = 'restore what is missing from a backup before anything is written; nothing was changed';

/** What to do about the core's own errors, which do not know that a person is reading. */
const remedies: readonly (readonly [ErrorClass, string])[] = [
  [ClaimsLeaseTaken, 'wait until it has finished: "family-accounts claims verify" tells'],
  [
    ClaimsRebuildDisturbed,
    'run "family-accounts claims rebuild" again: until one has finished, registrations are answered 503',
  ],
  [LogDamaged, RESTORE],
  [FamilyKeyMissing, RESTORE],
  [SealBroken, 'compare with a backup: these bytes were changed, or belong to another place in the log'],
  [KeyDoesNotUnwrap, 'set FAMILY_KEYS_KEK to the key this family was registered under'],
  [UnknownEventShape, 'use the version of this program that wrote the event, or a newer one'],
  [LogUnavailable, WAIT],
  [OutcomeUnknown, WAIT],
];

/** The error as a person is told of it, where there is something to be done; otherwise as it came. */
export function mendable(error: unknown): unknown {
  const known = remedies.find(([errorClass]) => error instanceof errorClass)?.[1];
  const remedy = known ?? (isDatabaseAway(error) ? WAIT : undefined);
  if (remedy === undefined || !(error instanceof Error)) return error;
  return new UserFacingError(`${error.message}.`, { remedies: [remedy], cause: error });
}
