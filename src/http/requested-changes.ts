import { Injectable } from '@nestjs/common';
import type { CommandOutcome } from '../families/carry-out.js';
import type { CommandContext } from '../families/command-context.js';
import { MemberNotFound } from '../families/domain/errors.js';
import { isRegistered, memberOf } from '../families/domain/state.js';
import { FamiliesService, type Intent, type Registration } from '../families/families.service.js';
import { IdempotencyKeys } from '../idempotency/idempotency-keys.js';
import type { AccessTokenSubject } from '../sessions/access-tokens.js';
import { requiredVersion } from './entity-tags.js';
import type { RequestFacts } from './request-facts.js';

/**
 * Carries out what requests ask for, each under its `Idempotency-Key` and its `If-Match`.
 * All of it throws what `FamiliesService` does.
 */
@Injectable()
export class RequestedChanges {
  constructor(
    private readonly families: FamiliesService,
    private readonly keys: IdempotencyKeys,
  ) {}

  /** For one who has no account yet, and so nothing that `If-Match` could name. */
  register(facts: RequestFacts, registration: Registration): Promise<CommandOutcome> {
    return this.families.register(registration, this.contextOf(facts, null));
  }

  /** Changes the caller's family. */
  change(
    caller: AccessTokenSubject,
    facts: RequestFacts,
    intents: readonly Intent[],
  ): Promise<CommandOutcome> {
    return this.families.change(caller.family, this.contextForFamily(facts, caller), intents);
  }

  /** Changes one member of the caller's family: that is what `If-Match` is about. @throws MemberNotFound */
  changeMember(
    caller: AccessTokenSubject,
    facts: RequestFacts,
    member: string,
    intents: readonly Intent[],
  ): Promise<CommandOutcome> {
    const matches = requiredVersion(facts.ifMatch, member);
    const requires: CommandContext['requires'] = (state, version) => {
      // Here and not only in the domain: a request that names no field commands nothing.
      if (isRegistered(state) && memberOf(state, member) === null) throw new MemberNotFound(member);
      return matches?.(state, version) ?? true;
    };
    return this.families.change(caller.family, { ...this.contextOf(facts, caller), requires }, intents);
  }

  /** Replaces the caller's own password. */
  changePassword(
    caller: AccessTokenSubject,
    facts: RequestFacts,
    passwords: { current: string; next: string },
  ): Promise<CommandOutcome> {
    const context = this.contextForFamily(facts, caller);
    return this.families.changePassword(caller.family, caller.member, passwords, context);
  }

  private contextForFamily(facts: RequestFacts, caller: AccessTokenSubject): CommandContext {
    const requires = requiredVersion(facts.ifMatch);
    const context = this.contextOf(facts, caller);
    return requires === undefined ? context : { ...context, requires };
  }

  private contextOf(
    { correlationId, requestId, method, path, body, idempotencyKey }: RequestFacts,
    caller: AccessTokenSubject | null,
  ): CommandContext {
    const scope = caller?.family ?? 'nobody';
    return {
      actor: caller === null ? null : `member:${caller.member}`,
      correlationId,
      causationId: requestId,
      now: new Date(),
      idempotencyKey:
        idempotencyKey === undefined
          ? null
          : this.keys.identify({ scope, key: idempotencyKey, method, path, body }),
    };
  }
}
