import { createCipheriv, createDecipheriv } from 'node:crypto';
import { secureRandom } from './random-pool.js';

/** A family's data key, in bytes. */
export const DATA_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The key-encryption key is not the one this data key was wrapped with, or the wrapped bytes were changed. */
export class KeyDoesNotUnwrap extends Error {
  constructor(readonly family: string) {
    super(`The key of family ${family} does not open with this service's key-encryption key`);
    this.name = 'KeyDoesNotUnwrap';
  }
}

/** nonce (12) ‖ AES-256-GCM of the data key ‖ tag (16), bound to the family by its id. */
export function wrapKey(keyEncryptionKey: Uint8Array, family: string, dataKey: Uint8Array): Buffer {
  const nonce = secureRandom(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyEncryptionKey, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(family, 'utf8'));
  return Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what `wrapKey` made for the same family. @throws KeyDoesNotUnwrap */
export function unwrapKey(keyEncryptionKey: Uint8Array, family: string, wrapped: Uint8Array): Buffer {
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyEncryptionKey, wrapped.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(family, 'utf8'));
    decipher.setAuthTag(wrapped.subarray(wrapped.byteLength - TAG_BYTES));
    const sealed = wrapped.subarray(NONCE_BYTES, wrapped.byteLength - TAG_BYTES);
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch {
    throw new KeyDoesNotUnwrap(family);
  }
}
