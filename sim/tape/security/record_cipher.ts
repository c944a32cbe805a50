/**
 * AES-256-GCM over records, and random bytes: what the simulated drive needs of the host's cryptography.
 *
 * @module
 */

import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";

const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const KEY_ID_BYTES = 8;

/** What comes of encrypting a record. */
export interface Encrypted {
  /** As many bytes as the record had. */
  readonly data: Uint8Array;
  /** 12 bytes, never the same twice. */
  readonly nonce: Uint8Array;
  /** 16 bytes. */
  readonly tag: Uint8Array;
}

/** Encrypts a record; `associated` is authenticated along with it. The arrays are the caller's. */
export function encryptRecord(
  key: Uint8Array,
  data: Uint8Array,
  associated: Uint8Array,
): Encrypted {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce);
  cipher.setAAD(associated);
  const encrypted = cipher.update(data);
  cipher.final();
  return { data: encrypted, nonce, tag: cipher.getAuthTag() };
}

/** The record; `undefined` when it is not what was encrypted. The array is the caller's. */
export function decryptRecord(
  key: Uint8Array,
  { data, nonce, tag }: Encrypted,
  associated: Uint8Array,
): Uint8Array | undefined {
  const decipher = createDecipheriv(ALGORITHM, key, nonce);
  decipher.setAAD(associated);
  decipher.setAuthTag(tag);
  const plain = decipher.update(data);
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
}

/** What tells one key from another and does not give it away: 8 bytes. */
export function keyIdentifier(key: Uint8Array): Uint8Array {
  const hash = createHash("sha256").update("uiscsi tape key identifier").update(key).digest();
  return new Uint8Array(hash.subarray(0, KEY_ID_BYTES));
}

/** So many random bytes. The array is the caller's. */
export function randomNumber(bytes: number): Uint8Array {
  return new Uint8Array(randomBytes(bytes));
}
