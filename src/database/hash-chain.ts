import { hash as digest } from 'node:crypto';

/** The length of a hash in bytes. */
const HASH_BYTES = 32;

/** The hash before the first event: what that one is chained to, and the head of an empty log. */
export const GENESIS_HASH: Buffer = Buffer.alloc(HASH_BYTES);

/** BSON of the element `hash: Binary(32)`: tag, name and terminator, length, subtype, bytes. */
const HASH_ELEMENT_BYTES = 1 + 'hash\0'.length + 4 + 1 + HASH_BYTES;

/** `SHA-256(previous hash ‖ SHA-256(body))`, the body being the event's BSON before its hash (P4). */
export function chainHash(previousHash: Uint8Array, body: Uint8Array): Buffer {
  return digest('sha256', Buffer.concat([previousHash, digest('sha256', body, 'buffer')]), 'buffer');
}

/**
 * Takes a stored event's raw bytes apart into the body that was hashed and the hash beside it.
 * Returns null where the last element is not a 32-byte binary named `hash`: then the bytes were tampered with.
 */
export function splitStoredBytes(raw: Uint8Array): { body: Buffer; hash: Buffer } | null {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const elementAt = bytes.length - 1 - HASH_ELEMENT_BYTES;
  if (elementAt < 5 || bytes.readInt32LE(0) !== bytes.length) return null;
  const element = bytes.subarray(elementAt, bytes.length - 1);
  const isHash =
    element[0] === 0x05 &&
    element.toString('latin1', 1, 6) === 'hash\0' &&
    element.readInt32LE(6) === HASH_BYTES &&
    element[10] === 0x00;
  if (!isHash) return null;
  const body = Buffer.concat([bytes.subarray(0, elementAt), Buffer.of(0)]);
  body.writeInt32LE(body.length, 0);
  return { body, hash: Buffer.from(element.subarray(11)) };
}

/** A document that was read with `raw: true`; the driver's types do not say that it is bytes. */
export function rawBytes(document: unknown): Buffer {
  if (!Buffer.isBuffer(document)) throw new TypeError('Events are hashed as the bytes that are stored');
  return document;
}
