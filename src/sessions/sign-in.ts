import { ClaimsMissing, LogDamaged } from '../event-log/errors.js';
import type { EventLog } from '../event-log/event-log.js';
import { parseEmailAddress } from '../families/domain/email-address.js';
import { InvalidEmailAddress } from '../families/domain/errors.js';
import { presentedPassword } from '../families/domain/password.js';
import { credentialOf } from '../families/domain/state.js';
import { loadFamily, type LoadedFamily } from '../families/load-family.js';
import type { PasswordHashing } from '../families/password-hashing.js';
import type { FamilyKeys } from '../privacy/family-keys.js';

/** A family that does not exist: reading it costs an unknown address what a known one costs. */
const NOBODY = '00000000-0000-7000-8000-000000000000';

/** What cannot be an address is looked up all the same, as one that nobody can have. */
const UNCLAIMABLE = '@';

/** Address or password is not right; which of them is not told. */
export class InvalidCredentials extends Error {
  constructor() {
    super('The email address or the password is not right');
    this.name = 'InvalidCredentials';
  }
}

/** A family, and the member of it who proved to be there. */
export interface SignedIn {
  family: LoadedFamily;
  member: string;
}

/**
 * Signs a member in by the claim on the address and the stream it leads to. Appends nothing and needs no
 * projection. An address nobody has takes the same reads and the same hash as one that somebody has.
 */
export class SignIn {
  constructor(
    private readonly log: EventLog,
    private readonly keys: FamilyKeys,
    private readonly passwords: PasswordHashing,
  ) {}

  /**
   * @throws InvalidCredentials for whatever the person may have mistyped.
   * @throws ClaimsMissing, LogDamaged, PasswordHashingBusy: our fault, never to be told as theirs.
   */
  async signIn(email: string, password: string): Promise<SignedIn> {
    const address = canonicalOrNull(email) ?? UNCLAIMABLE;
    const claim = await this.log.findClaim(address);
    if (claim === 'unknown') throw new ClaimsMissing();
    const id = claim?.family ?? NOBODY;
    // A key in memory would tell by a read less that somebody was there just now; nobody's never is.
    this.keys.forget(id);
    const family = await loadFamily(this.log, this.keys, id);
    if (claim === null) {
      await this.passwords.verifyNothing(presentedPassword(password));
      throw new InvalidCredentials();
    }
    const credential = credentialOf(family.state, claim.member);
    if (credential?.email !== address) {
      throw new LogDamaged(
        `the claim made at position ${claim.position} does not agree with its family's stream`,
      );
    }
    if (!(await this.passwords.verify(credential.passwordHash, presentedPassword(password)))) {
      throw new InvalidCredentials();
    }
    return { family, member: claim.member };
  }
}

function canonicalOrNull(text: string): string | null {
  try {
    return parseEmailAddress(text).canonical;
  } catch (error) {
    if (error instanceof InvalidEmailAddress) return null;
    throw error;
  }
}
