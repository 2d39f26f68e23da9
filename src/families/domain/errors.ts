/**
 * What the domain refuses. Each states its facts in one sentence that holds nothing personal, under a code
 * that is stable for good.
 */
export abstract class DomainError extends Error {
  abstract readonly code: string;

  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

export class FamilyNotFound extends DomainError {
  readonly code = 'family-not-found';
  constructor(family?: string) {
    super(family === undefined ? 'There is no such family' : `There is no family ${family}`);
  }
}

export class FamilyAlreadyRegistered extends DomainError {
  readonly code = 'family-already-registered';
  constructor() {
    super('This family is registered already');
  }
}

export class FamilyIsClosed extends DomainError {
  readonly code = 'family-is-closed';
  constructor() {
    super('The family is closed; reopen it first');
  }
}

export class EmailAlreadyClaimed extends DomainError {
  readonly code = 'email-already-claimed';
  constructor() {
    super('Another family has this email address');
  }
}

export class MemberNotFound extends DomainError {
  readonly code = 'member-not-found';
  constructor(member: string) {
    super(`The family has no member ${member}`);
  }
}

/** An id stands for one member for good. */
export class MemberAlreadyAdded extends DomainError {
  readonly code = 'member-already-added';
  constructor(member: string) {
    super(`The family has another member ${member}`);
  }
}

/** Only a member who can sign in has a password to change. */
export class MemberHasNoCredential extends DomainError {
  readonly code = 'member-has-no-credential';
  constructor(member: string) {
    super(`Member ${member} has no credential`);
  }
}

export class OwnerCannotBeRemoved extends DomainError {
  readonly code = 'owner-cannot-be-removed';
  constructor() {
    super('The owner cannot be removed from the family');
  }
}

export class MemberLimitReached extends DomainError {
  readonly code = 'member-limit-reached';
  constructor(limit: number) {
    super(`A family has at most ${limit} members`);
  }
}

/** `rule` is the rule that was broken, as a sentence; the address itself is not repeated. */
export class InvalidEmailAddress extends DomainError {
  readonly code = 'invalid-email-address';
  constructor(readonly rule: string) {
    super(rule);
  }
}

export class InvalidName extends DomainError {
  readonly code = 'invalid-name';
  constructor(readonly rule: string) {
    super(rule);
  }
}

export class InvalidBirthYear extends DomainError {
  readonly code = 'invalid-birth-year';
  constructor(from: number, to: number) {
    super(`A birth year is a whole number from ${from} to ${to}`);
  }
}

export class InvalidLocale extends DomainError {
  readonly code = 'invalid-locale';
  constructor() {
    super('A locale is a BCP 47 language tag such as en, en-GB or zh-Hant');
  }
}

export class InvalidPassword extends DomainError {
  readonly code = 'invalid-password';
  constructor(readonly rule: string) {
    super(rule);
  }
}

/** This build does not know the shape: it is older than the event, or the event is not ours. */
export class UnknownEventShape extends DomainError {
  readonly code = 'unknown-event-shape';
  constructor(
    readonly type: string,
    readonly schema: number,
  ) {
    super(`No event ${type} with schema ${schema} is known to this build`);
  }
}
