import { createHmac } from 'node:crypto';
import mongoose, { type mongo } from 'mongoose';
import { OutcomeUnknown } from '../event-log/errors.js';
import { canonicalJson } from './canonical-json.js';

/** How long a key's answer is kept, in milliseconds (24 hours). */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** One mutation as a client named it: the key it sent, and what it asked for under that key. */
export interface IdempotentRequest {
  /** Who the key belongs to: two families may use the same key. */
  scope: string;
  key: string;
  method: string;
  path: string;
  body: unknown;
}

/** The stored id of a key, and the fingerprint of what was asked under it. Neither can be read back. */
export interface IdempotencyKey {
  id: string;
  fingerprint: string;
}

/** What was answered, as the place in the stream from which the answer can be made again. */
export interface IdempotencyRecord {
  _id: string;
  fingerprint: string;
  stream: string;
  /** The stream's version before the command and after it; equal where nothing had to change. */
  fromVersion: number;
  version: number;
  at: Date;
  expiresAt: Date;
}

/** The same key came with another request. */
export class IdempotencyKeyReused extends Error {
  constructor() {
    super('This Idempotency-Key was used for another request before');
    this.name = 'IdempotencyKeyReused';
  }
}

/** The first request with this key has not been answered within the deadline. */
export class IdempotencyKeyInUse extends Error {
  constructor(waitedMs: number) {
    super(`A request with this Idempotency-Key is still under way after ${waitedMs} ms`);
    this.name = 'IdempotencyKeyInUse';
  }
}

/** Remembers which key got which answer (P12). Records are inserted with the events they answer for. */
export class IdempotencyKeys {
  /** @param deadlineMs how long a record that is stored alone may wait for its majority, in milliseconds. */
  constructor(
    private readonly records: mongo.Collection<IdempotencyRecord>,
    private readonly hmacKey: Buffer,
    private readonly deadlineMs: number,
  ) {}

  /** Keyed HMACs: keys and bodies hold secrets (a password), and neither is kept readable. */
  identify({ scope, key, method, path, body }: IdempotentRequest): IdempotencyKey {
    return {
      id: this.hmac(`key\0${scope}\0${key}`),
      fingerprint: this.hmac(`request\0${method}\0${path}\0${canonicalJson(body)}`),
    };
  }

  /** The record stored under this key, or null. @throws IdempotencyKeyReused for another request. */
  async find({ id, fingerprint }: IdempotencyKey): Promise<IdempotencyRecord | null> {
    const record = await this.records.findOne({ _id: id });
    if (record !== null && record.fingerprint !== fingerprint) throw new IdempotencyKeyReused();
    return record;
  }

  /** The record of an answer, to become durable with the events it answers for. */
  record(
    { id, fingerprint }: IdempotencyKey,
    place: { stream: string; fromVersion: number; version: number },
    now: Date,
  ): IdempotencyRecord {
    return { _id: id, fingerprint, ...place, at: now, expiresAt: new Date(now.getTime() + KEPT_MS) };
  }

  /**
   * Stores the record of a command that had nothing to change, and so has no transaction of its own.
   * @throws OutcomeUnknown where no majority has confirmed it by the deadline: others wait for their turn
   */
  async insertAlone(record: IdempotencyRecord): Promise<void> {
    const writeConcern = { w: 'majority', journal: true, wtimeoutMS: this.deadlineMs } as const;
    try {
      await this.records.insertOne(record, { writeConcern });
    } catch (error) {
      if (error instanceof mongoose.mongo.MongoWriteConcernError)
        throw new OutcomeUnknown(this.deadlineMs, error);
      throw error;
    }
  }

  private hmac(text: string): string {
    return createHmac('sha256', this.hmacKey).update(text, 'utf8').digest('base64url');
  }
}
