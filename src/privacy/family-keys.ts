import { secureRandom } from './random-pool.js';
import mongoose, { type mongo } from 'mongoose';
import { LRUCache } from 'lru-cache';
import type { StoredAlongside } from '../event-log/append/append-request.js';
import { findRaw, type RawFind } from '../event-log/read/raw-batch.js';
import { DATA_KEY_BYTES, KeyDoesNotUnwrap, unwrapKey, wrapKey } from './wrap-key.js';

const { BSON } = mongoose.mongo;
/** One document among others, its binary as it is. */
const IN_A_BATCH = { allowObjectSmallerThanBufferSize: true, promoteBuffers: true };
/** Unwrapped keys kept in memory; a family at work is unwrapped once. */
const CACHED_KEYS = 10_000;
/**
 * And for how long, in milliseconds: another process may destroy a key, and then nobody is told. A minute of that is
 * the price for not reading a key again with every request of a family at work.
 */
const CACHED_FOR_MS = 60_000;

export interface FamilyKeyDocument {
  _id: string;
  wrapped: mongo.Binary;
  /** Fingerprint of the key-encryption key it was wrapped with. */
  kek: string;
  createdAt: Date;
}

/** The key-encryption key and the name by which wrapped keys refer to it. */
export interface KeyEncryptionKey {
  key: Buffer;
  fingerprint: string;
}

/** Each family's own data key. Destroying one makes everything sealed with it unreadable (P10). */
export class FamilyKeys {
  private readonly cache: LRUCache<string, Buffer>;

  constructor(
    private readonly keys: mongo.Collection<FamilyKeyDocument>,
    private readonly keyEncryptionKey: KeyEncryptionKey,
    cachedForMs = CACHED_FOR_MS,
  ) {
    this.cache = new LRUCache({ max: CACHED_KEYS, ttl: cachedForMs });
  }

  /** A new family's key, and the document that must be stored with the family's first event. */
  create(family: string, now: Date): { key: Buffer; alongside: StoredAlongside } {
    const key = secureRandom(DATA_KEY_BYTES);
    const document: FamilyKeyDocument = {
      _id: family,
      wrapped: new mongoose.mongo.Binary(wrapKey(this.keyEncryptionKey.key, family, key)),
      kek: this.keyEncryptionKey.fingerprint,
      createdAt: now,
    };
    return { key, alongside: { collection: 'family_keys', document: { ...document } } };
  }

  /** The next look for this family's key asks the database, as the first one did. */
  forget(family: string): void {
    this.cache.delete(family);
  }

  /** The family's key, or null where there is none: never stored, or destroyed. @throws KeyDoesNotUnwrap */
  async find(family: string): Promise<Buffer | null> {
    const found = await this.findMany([family]);
    return found.get(family) ?? null;
  }

  /** The keys of many families in one read. Families without a key are missing from the answer. */
  async findMany(families: readonly string[]): Promise<Map<string, Buffer>> {
    const keys = new Map<string, Buffer>();
    const unknown: string[] = [];
    for (const family of new Set(families)) {
      const cached = this.cache.get(family);
      if (cached === undefined) unknown.push(family);
      else keys.set(family, cached);
    }
    if (unknown.length > 0) {
      for await (const document of this.keys.find({ _id: { $in: unknown } })) {
        const key = unwrapKey(this.keyEncryptionKey.key, document._id, document.wrapped.buffer);
        this.cache.set(document._id, key);
        keys.set(document._id, key);
      }
    }
    return keys;
  }

  /**
   * The keys of very many families, for those who read the log in bulk: none is remembered, and one that does not
   * unwrap is the trouble of its own family. Families without a key are missing from the answer.
   */
  async readMany(families: readonly string[]): Promise<Map<string, Buffer | KeyDoesNotUnwrap>> {
    const wanted = new Set(families);
    const keys = new Map<string, Buffer | KeyDoesNotUnwrap>();
    const [first, last] = [families[0], families.at(-1)];
    // Who reads stream by stream wants neighbours: a stretch of the keys, which a list of all their ids is not.
    if (first !== undefined && last !== undefined && isAscending(families)) {
      const limit = Math.ceil(wanted.size * 1.25);
      const filter = { _id: { $gte: first, $lte: last } };
      await this.readInto(keys, wanted, { filter, sort: { _id: 1 }, limit });
    }
    const left = [...wanted].filter((family) => !keys.has(family));
    if (left.length > 0) {
      await this.readInto(keys, wanted, { filter: { _id: { $in: left } }, limit: left.length });
    }
    return keys;
  }

  private async readInto(
    keys: Map<string, Buffer | KeyDoesNotUnwrap>,
    wanted: ReadonlySet<string>,
    find: RawFind,
  ): Promise<void> {
    const { bytes, starts } = await findRaw(this.keys, { ...find, projection: { wrapped: 1 } });
    for (const index of starts) {
      const { _id: family, wrapped } = BSON.deserialize(bytes, { ...IN_A_BATCH, index });
      if (typeof family === 'string' && wanted.has(family)) keys.set(family, this.unwrap(family, wrapped));
    }
  }

  private unwrap(family: string, wrapped: unknown): Buffer | KeyDoesNotUnwrap {
    if (!Buffer.isBuffer(wrapped)) return new KeyDoesNotUnwrap(family);
    try {
      return unwrapKey(this.keyEncryptionKey.key, family, wrapped);
    } catch (error) {
      if (error instanceof KeyDoesNotUnwrap) return error;
      throw error;
    }
  }
}

function isAscending(families: readonly string[]): boolean {
  return families.every((family, index) => index === 0 || (families[index - 1] ?? '') <= family);
}
