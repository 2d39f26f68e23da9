import { hash, verify } from '@node-rs/argon2';
import PQueue from 'p-queue';

/** `Algorithm.Argon2id`: a const enum of the library, which isolated modules cannot read. */
const ARGON2ID_VARIANT = 2;

/** OWASP Password Storage Cheat Sheet, the floor for argon2id: 19 MiB, two passes, one lane. */
const ARGON2ID = { algorithm: ARGON2ID_VARIANT, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** More are waiting for a hash than will be answered in time. */
export class PasswordHashingBusy extends Error {
  constructor(waiting: number) {
    super(`${waiting} passwords are waiting to be hashed`);
    this.name = 'PasswordHashingBusy';
  }
}

export interface PasswordHashingOptions {
  /** Hashes under way at once; more than the cores gain nothing. */
  concurrency: number;
  /** Hashes that may wait. */
  maxWaiting: number;
}

/** Hashes and verifies passwords on worker threads, behind a queue with an end. */
export class PasswordHashing {
  private readonly queue: PQueue;
  private readonly decoy: Promise<string>;

  constructor(private readonly options: PasswordHashingOptions) {
    this.queue = new PQueue({ concurrency: options.concurrency });
    this.decoy = hash('a password nobody has', ARGON2ID);
  }

  /** Passwords hashed at the same time. */
  get concurrency(): number {
    return this.queue.concurrency;
  }

  /** Passwords that wait for their turn. */
  get waiting(): number {
    return this.queue.size;
  }

  /** The password's argon2id hash in PHC form. @throws PasswordHashingBusy */
  hash(password: string): Promise<string> {
    return this.queued(() => hash(password, ARGON2ID));
  }

  /** Whether `password` is the one that was hashed. @throws PasswordHashingBusy */
  verify(passwordHash: string, password: string): Promise<boolean> {
    return this.queued(() => verify(passwordHash, password));
  }

  /** Takes as long as `verify` and is never true: for addresses that nobody registered. */
  async verifyNothing(password: string): Promise<false> {
    const decoy = await this.decoy;
    await this.queued(() => verify(decoy, password));
    return false;
  }

  private async queued<T>(work: () => Promise<T>): Promise<T> {
    if (this.queue.size >= this.options.maxWaiting) throw new PasswordHashingBusy(this.queue.size);
    return this.queue.add(work);
  }
}
