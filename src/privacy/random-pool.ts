import { randomFillSync } from 'node:crypto';

/** Asking the system for 8 KiB costs as much as asking it for 12 bytes, and keys and nonces are asked for often. */
const POOL_BYTES = 8_192;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/** `bytes` (at most 8,192) from the system's cryptographic generator, each handed out once and then wiped. */
export function secureRandom(bytes: number): Buffer {
  if (bytes > POOL_BYTES) throw new RangeError(`At most ${POOL_BYTES} random bytes at once, not ${bytes}`);
  if (used + bytes > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const taken = Buffer.from(pool.subarray(used, used + bytes));
  pool.fill(0, used, used + bytes);
  used += bytes;
  return taken;
}
