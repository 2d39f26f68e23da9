/** What can go wrong in the log. Each states its facts; which HTTP status it becomes is decided in http/. */
export abstract class EventLogError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The stream is not where the caller believed it to be: load it again and decide again. */
export class VersionConflict extends EventLogError {
  constructor(
    readonly stream: string,
    readonly expectedVersion: number,
    readonly actualVersion: number,
  ) {
    super(`Expected version ${expectedVersion} of ${stream}, found ${actualVersion}`);
  }
}

/**
 * Another stream holds the value, or the member it is claimed for holds another one. The value itself is
 * personal and not in the message.
 */
export class ClaimTaken extends EventLogError {
  constructor(
    readonly stream: string,
    readonly holder: { family: string; member: string },
  ) {
    super(`A value claimed by ${stream} is held by family ${holder.family} already`);
  }
}

/** The claims were wiped, or are closed: nothing can be claimed until they are put back from the log. */
export class ClaimsMissing extends EventLogError {
  constructor() {
    super('The claims were wiped or are being put back; `claims rebuild` puts them back from the log');
  }
}

/** A document that was to be stored with the events exists already. */
export class RecordExists extends EventLogError {
  constructor(
    readonly collection: string,
    readonly id: string,
  ) {
    super(`${collection} holds a document with this id already`);
  }
}

/** More than one transaction can carry. */
export class AppendTooLarge extends EventLogError {
  constructor(what: string, limit: string) {
    super(`This append holds ${what}; the limit is ${limit}`);
  }
}

/** The log contradicts itself. Nothing is written on top of it, nothing is healed from it. */
export class LogDamaged extends EventLogError {
  constructor(what: string) {
    super(`The log is damaged: ${what}`);
  }
}

/** The append was not carried out in time: no primary, or too many waiting. Nothing was stored. */
export class LogUnavailable extends EventLogError {
  constructor(waitedMs: number, cause?: unknown) {
    super(`The log took nothing for ${waitedMs} ms; nothing of this append was stored`, { cause });
  }
}

/** The deadline passed while a transaction was under way: the events may be stored, or may be still. */
export class OutcomeUnknown extends EventLogError {
  constructor(waitedMs: number, cause?: unknown) {
    super(`After ${waitedMs} ms it is not known whether this append was stored`, { cause });
  }
}
