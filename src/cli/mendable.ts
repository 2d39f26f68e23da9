import { isDatabaseAway } from '../database/database-away.js';
import { RUN_INIT } from '../database/finding.js';
import { hasCode, MONGO_CODE } from '../database/mongo-codes.js';
import { UserFacingError } from '../config/user-facing-error.js';
import { LogDamaged, LogUnavailable, OutcomeUnknown } from '../event-log/errors.js';
import { ClaimsLeaseTaken, ClaimsRebuildDisturbed } from '../families/claims/claims-lease.js';
import { UnknownEventShape } from '../families/domain/errors.js';
import { FamilyKeyMissing } from '../families/load-family.js';
import { SealBroken } from '../privacy/seal.js';
import { KeyDoesNotUnwrap } from '../privacy/wrap-key.js';
import { NeedsNewerCode } from '../projections/fold-stream.js';
import { NothingKept } from '../projections/rebuild/rollback.js';
import { RetryNeedsRebuild } from '../projections/quarantine/retry.js';
import { GenerationSwitched } from '../projections/quarantine/retry-together.js';
import { MadeByNewerCode, ProjectionNotBuilt } from '../projections/read/live-slot.js';
import { NotCertified } from '../projections/rebuild/certify.js';
import { NewerGenerationLive } from '../projections/rebuild/plan-rebuild.js';
import { RebuildLost, RebuildRunning } from '../projections/rebuild/rebuild-lease.js';

type ErrorClass = abstract new (...args: never[]) => Error;

const WAIT =
  'make sure that MongoDB runs and has a primary ("family-accounts database status"), then try again';
const NEWER = 'use the version of this program that wrote the event, or a newer one';
const RESTORE = 'restore what is missing from a backup before anything is written; nothing was changed';

const KEEP_MOMENTS =
  'let MongoDB keep them for longer, as an administrator: ' +
  'db.adminCommand({setParameter: 1, minSnapshotHistoryWindowInSeconds: 3600}), then try again';

const RIGHTS = `${RUN_INIT}: it brings the users' rights up to date`;

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
  [UnknownEventShape, NEWER],
  [NeedsNewerCode, NEWER],
  [NewerGenerationLive, 'nothing was changed'],
  [RebuildRunning, '"family-accounts projections list" shows how far it is'],
  [RebuildLost, '"family-accounts projections list" shows how far that one is; nothing was lost'],
  [
    NotCertified,
    'run the same again: what was live still is. If it stays so, look at "family-accounts doctor" and report it',
  ],
  [MadeByNewerCode, 'use the version of this program that the service runs'],
  [
    ProjectionNotBuilt,
    'start the service, which builds it, or run "family-accounts projections rebuild --all"',
  ],
  [NothingKept, 'run "family-accounts projections rebuild" with its name for a new generation'],
  [GenerationSwitched, 'run the same again for what that one has parked'],
  [RetryNeedsRebuild, 'run "family-accounts projections rebuild" with its name'],
  [LogUnavailable, WAIT],
  [OutcomeUnknown, WAIT],
];

/** The error as a person is told of it, where there is something to be done; otherwise as it came. */
export function mendable(error: unknown): unknown {
  const snapshot = snapshotFailure(error);
  if (snapshot !== null) return snapshot;
  const known = remedies.find(([errorClass]) => error instanceof errorClass)?.[1];
  const remedy = known ?? (isDatabaseAway(error) ? WAIT : isRefused(error) ? RIGHTS : undefined);
  if (remedy === undefined || !(error instanceof Error)) return error;
  return new UserFacingError(`${error.message}.`, { remedies: [remedy], cause: error });
}

/** What is read as of one moment is large, or has only just been made. */
function snapshotFailure(error: unknown): UserFacingError | null {
  if (hasCode(error, MONGO_CODE.snapshotTooOld)) {
    const what = 'Reading took longer than MongoDB keeps the moments that it can be read at.';
    return new UserFacingError(what, { remedies: [KEEP_MOMENTS], cause: error });
  }
  if (hasCode(error, MONGO_CODE.snapshotUnavailable)) {
    const what = 'What is read as of one moment was being made, or changed, at that moment.';
    return new UserFacingError(what, { remedies: ['try again'], cause: error });
  }
  return null;
}

/** An installation that an earlier version has set up gives this one too few rights. */
function isRefused(error: unknown): boolean {
  return hasCode(error, MONGO_CODE.unauthorized);
}
