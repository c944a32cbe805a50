/**
 * What is kept with an encrypted record: how to decrypt it, but not the key.
 *
 * @module
 */

const VERSION = 1;
const NONCE = 2;
const TAG = 14;
const KEY_ID = 30;
const KADS = 38;

const RAW_READ_ENABLED = 0x01;

/** Key-associated data (SSC-4 §8.6.2): what the host says about the key. */
export interface KeyAssociatedData {
  /** Not authenticated, at most 32 bytes (UKAD). */
  readonly unauthenticated: Uint8Array;
  /** Authenticated with the record, at most 12 bytes (AKAD). */
  readonly authenticated: Uint8Array;
}

/** What is kept with an encrypted record. */
export interface RecordEnvelope extends KeyAssociatedData {
  /** Whether it may be read without being decrypted. */
  readonly rawReadEnabled: boolean;
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  /** 16 bytes. */
  readonly tag: Uint8Array;
  /** Which key, 8 bytes. */
  readonly keyId: Uint8Array;
}

/** Encodes it as the seal of a record. The array is the caller's. */
export function encodeEnvelope(envelope: RecordEnvelope): Uint8Array {
  const { rawReadEnabled, nonce, tag, keyId, unauthenticated, authenticated } = envelope;
  const bytes = new Uint8Array(KADS + 2 + unauthenticated.length + authenticated.length);
  bytes[0] = VERSION;
  bytes[1] = rawReadEnabled ? RAW_READ_ENABLED : 0;
  bytes.set(nonce, NONCE);
  bytes.set(tag, TAG);
  bytes.set(keyId, KEY_ID);
  bytes[KADS] = unauthenticated.length;
  bytes[KADS + 1] = authenticated.length;
  bytes.set(unauthenticated, KADS + 2);
  bytes.set(authenticated, KADS + 2 + unauthenticated.length);
  return bytes;
}

/** Decodes the seal of a record; `undefined` when it is of a version that is not known. Views of `bytes`. */
export function decodeEnvelope(bytes: Uint8Array): RecordEnvelope | undefined {
  if (bytes[0] !== VERSION || bytes.length < KADS + 2) return undefined;
  const authenticatedAt = KADS + 2 + bytes[KADS];
  return {
    rawReadEnabled: (bytes[1] & RAW_READ_ENABLED) !== 0,
    nonce: bytes.subarray(NONCE, TAG),
    tag: bytes.subarray(TAG, KEY_ID),
    keyId: bytes.subarray(KEY_ID, KADS),
    unauthenticated: bytes.subarray(KADS + 2, authenticatedAt),
    authenticated: bytes.subarray(authenticatedAt, authenticatedAt + bytes[KADS + 1]),
  };
}
