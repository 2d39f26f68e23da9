import DataLoader from 'dataloader';
import { v7 as uuidv7 } from 'uuid';
import { ClaimsMissing, LogUnavailable, OutcomeUnknown } from '../event-log/errors.js';
import type { ClaimState } from '../event-log/event-log.js';
import { isDatabaseAway } from '../database/database-away.js';
import { IdempotencyKeyInUse } from '../idempotency/idempotency-keys.js';
import { answerAgain } from './answer-again.js';
import { appendMayWaitMs, lookupMayWaitMs } from './batching-waits.js';
import {
  carryOut,
  type CommandOutcome,
  type CommandTarget,
  type FamilyStore,
  type Plan,
} from './carry-out.js';
import type { CommandContext } from './command-context.js';
import type { FamilyCommand } from './domain/commands.js';
import { parseEmailAddress } from './domain/email-address.js';
import { EmailAlreadyClaimed, FamilyNotFound } from './domain/errors.js';
import { parsePassword, presentedPassword } from './domain/password.js';
import { credentialOf, ownerOf } from './domain/state.js';
import { InTurn } from './in-turn.js';
import { loadFamily, type LoadedFamily } from './load-family.js';
import type { PasswordHashing } from './password-hashing.js';

/** What a person gives to register. */
export interface Registration {
  email: string;
  password: string;
  familyName: string;
  locale: string;
}

/** The password given as the present one is not. */
export class WrongPassword extends Error {
  constructor() {
    super('The current password is not right');
    this.name = 'WrongPassword';
  }
}

/** The answer to a retry would hold a session, and the password it was for has been changed since. */
export class CredentialsChanged extends Error {
  constructor() {
    super('The password was changed after this request was first answered');
    this.name = 'CredentialsChanged';
  }
}

/** A command without the time: that is the context's. */
export type Intent = FamilyCommand extends infer C
  ? C extends FamilyCommand
    ? Omit<C, 'now'>
    : never
  : never;

/** Everything that can be done with a family, for HTTP, the command line and jobs alike. */
export class FamiliesService {
  private readonly perFamily: InTurn;
  private readonly perKey: InTurn;
  private readonly claims: DataLoader<string, ClaimState>;

  constructor(
    private readonly store: FamilyStore,
    private readonly passwords: PasswordHashing,
    /** How long a command waits for another of its family, or of its idempotency key, in milliseconds. */
    deadlineMs: number,
  ) {
    this.perFamily = new InTurn(deadlineMs, (waitedMs) => new LogUnavailable(waitedMs));
    this.perKey = new InTurn(deadlineMs, (waitedMs) => new IdempotencyKeyInUse(waitedMs));
    this.claims = new DataLoader((emails) => store.log.findClaims(emails), {
      cache: false,
      maxBatchSize: 256,
      batchScheduleFn: (lookUp) => {
        const waitMs = lookupMayWaitMs(passwords);
        if (waitMs === 0) setImmediate(lookUp);
        else setTimeout(lookUp, waitMs);
      },
    });
  }

  /**
   * Registers a family with its owner.
   * @throws EmailAlreadyClaimed, InvalidEmailAddress, InvalidPassword, InvalidName, InvalidLocale,
   *   PasswordHashingBusy, CredentialsChanged; and what `EventLog.append` throws
   */
  async register(registration: Registration, context: CommandContext): Promise<CommandOutcome> {
    const email = parseEmailAddress(registration.email);
    const password = parsePassword(registration.password);
    const ownerId = uuidv7();
    let passwordHash: string | undefined;
    const outcome = await this.answerOnce(
      { family: uuidv7(), isNew: true, waitForCompanyMs: () => appendMayWaitMs(this.passwords) },
      context,
      async () => {
        // Spares the hash; what decides is the claim made in the append's transaction.
        await this.requireUnclaimed(email.canonical);
        passwordHash ??= await this.passwords.hash(password);
        const { familyName, locale } = registration;
        return [
          { type: 'RegisterFamily', ownerId, email, passwordHash, familyName, locale, now: context.now },
        ];
      },
    );
    if (outcome.replayed) await this.requireSameCredentials(outcome.family);
    return outcome;
  }

  /** Carries out simple commands in one append. @throws what the domain refuses */
  change(family: string, context: CommandContext, intents: readonly Intent[]): Promise<CommandOutcome> {
    return this.answerOnce({ family, isNew: false }, context, ({ version }) => {
      // The domain says the same of every command, but there may be none.
      if (version === 0) throw new FamilyNotFound(family);
      return intents.map((intent) => ({ ...intent, now: context.now }));
    });
  }

  /** Replaces a member's password after checking the present one. @throws WrongPassword, InvalidPassword */
  changePassword(
    family: string,
    member: string,
    { current, next }: { current: string; next: string },
    context: CommandContext,
  ): Promise<CommandOutcome> {
    const password = parsePassword(next);
    let verified: string | undefined;
    let passwordHash: string | undefined;
    return this.answerOnce({ family, isNew: false }, context, async ({ state }) => {
      const present = credentialOf(state, member)?.passwordHash;
      if (present === undefined) throw new WrongPassword();
      if (present !== verified && !(await this.passwords.verify(present, presentedPassword(current)))) {
        throw new WrongPassword();
      }
      verified = present;
      passwordHash ??= await this.passwords.hash(password);
      return [{ type: 'ChangePassword', memberId: member, passwordHash, now: context.now }];
    });
  }

  /** The family from its stream. @throws FamilyNotFound */
  async find(family: string): Promise<LoadedFamily> {
    const loaded = await loadFamily(this.store.log, this.store.keys, family);
    if (loaded.version === 0) throw new FamilyNotFound(family);
    return loaded;
  }

  /** Carries out a command when it is the turn of its family, or finds the answer its idempotency key got before. */
  private async answerOnce(
    target: CommandTarget,
    context: CommandContext,
    plan: Plan,
  ): Promise<CommandOutcome> {
    const { idempotencyKey } = context;
    // Commands for one family would only meet in conflicts, and each is decided again after every one it lost.
    const decideAndAppend = (): Promise<CommandOutcome> =>
      this.perFamily.run(target.family, () => carryOut(this.store, target, context, plan));
    if (idempotencyKey === null) return decideAndAppend();
    return this.perKey.run(idempotencyKey.id, async () => {
      const before = await answerAgain(this.store, idempotencyKey);
      if (before !== null) return before;
      try {
        return await decideAndAppend();
      } catch (error) {
        if (wasNotAnswered(error)) throw error;
        // The first call may have won in another process meanwhile, and be the very reason of this refusal.
        const again = await answerAgain(this.store, idempotencyKey);
        if (again !== null) return again;
        throw error;
      }
    });
  }

  private async requireUnclaimed(email: string): Promise<void> {
    const claim = await this.claims.load(email);
    if (claim === 'unknown') throw new ClaimsMissing();
    if (claim !== null) throw new EmailAlreadyClaimed();
  }

  private async requireSameCredentials({ id, state }: LoadedFamily): Promise<void> {
    const present = await this.find(id);
    const owner = ownerOf(state);
    const then = credentialOf(state, owner)?.passwordHash;
    if (then === undefined || then !== credentialOf(present.state, owner)?.passwordHash) {
      throw new CredentialsChanged();
    }
  }
}

/** Nothing was refused, so no earlier call can be the reason; and asking again would make the caller wait twice. */
function wasNotAnswered(error: unknown): boolean {
  return error instanceof LogUnavailable || error instanceof OutcomeUnknown || isDatabaseAway(error);
}
