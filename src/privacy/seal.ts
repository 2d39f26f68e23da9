import { createCipheriv, createDecipheriv } from 'node:crypto';
import mongoose from 'mongoose';
import { secureRandom } from './random-pool.js';

const { BSON } = mongoose.mongo;

/** AES-256-GCM as NIST SP 800-38D recommends it: 96-bit nonce, full 128-bit tag. */
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** First byte of everything sealed, so that another composition can follow one day. */
const FORMAT = 1;

/** What was sealed does not open: another key, other bytes, or moved to another place in the log. */
export class SealBroken extends Error {
  constructor(readonly place: string) {
    super(`The sealed data of ${place} does not open with its family's key`);
    this.name = 'SealBroken';
  }
}

/**
 * Seals a flat record of personal data under a 32-byte key. Layout, stored for good:
 * format (1 byte) ‖ nonce (12) ‖ ciphertext of the record's BSON ‖ tag (16).
 * Stream and version are associated data: a sealed part opens only where it was put.
 */
export function seal(
  key: Uint8Array,
  place: { stream: string; version: number },
  personal: Record<string, unknown>,
  nonce: Uint8Array = secureRandom(NONCE_BYTES),
): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(place));
  const plain = BSON.serialize(personal, { ignoreUndefined: true });
  return Buffer.concat([Buffer.of(FORMAT), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what `seal` sealed at the same place. @throws SealBroken */
export function unseal(
  key: Uint8Array,
  place: { stream: string; version: number },
  sealed: Uint8Array,
): Record<string, unknown> {
  try {
    if (sealed[0] !== FORMAT || sealed.byteLength < 1 + NONCE_BYTES + TAG_BYTES) throw new SealBroken('');
    const tagAt = sealed.byteLength - TAG_BYTES;
    const decipher = createDecipheriv(CIPHER, key, sealed.subarray(1, 1 + NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(associatedData(place));
    decipher.setAuthTag(sealed.subarray(tagAt));
    const plain = decipher.update(sealed.subarray(1 + NONCE_BYTES, tagAt));
    // Checks the tag; GCM holds nothing back.
    decipher.final();
    return BSON.deserialize(plain, { promoteBuffers: true });
  } catch {
    throw new SealBroken(`version ${place.version} of ${place.stream}`);
  }
}

function associatedData({ stream, version }: { stream: string; version: number }): Buffer {
  return Buffer.from(`${stream}\0${version}`, 'utf8');
}
