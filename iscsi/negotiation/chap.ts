/**
 * The Challenge Handshake Authentication Protocol: what both sides compute (RFC 1994 §4, RFC 7143 §12.1.3).
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import type { ChapAlgorithm } from "./login_options.ts";

/** The values of CHAP_A (RFC 7143 §12.1.3, IANA's PPP authentication algorithms). */
export const CHAP_CODES: Readonly<Record<ChapAlgorithm, string>> = {
  "md5": "5",
  "sha1": "6",
  "sha256": "7",
  "sha3-256": "8",
};

/** Bytes of a digest, and so of our challenges: a shorter one would weaken the hash. */
const DIGEST_BYTES: Readonly<Record<ChapAlgorithm, number>> = {
  "md5": 16,
  "sha1": 20,
  "sha256": 32,
  "sha3-256": 32,
};

/** RFC 7143 §12.1.3: challenges and responses have at most 1024 bytes. */
export const MAX_CHAP_BYTES = 1024;

/** RFC 7143 §9.2.1: 96 bits. */
const MIN_SECRET_BYTES = 12;

/** A challenge to the other side. */
export interface ChapChallenge {
  /** The hash to answer with, CHAP_A. */
  readonly algorithm: ChapAlgorithm;
  /** CHAP_I, 0 to 255. */
  readonly identifier: number;
  /** CHAP_C. */
  readonly challenge: Uint8Array;
}

/** A new challenge from fresh random bytes. */
export function newChallenge(
  algorithm: ChapAlgorithm,
  randomBytes: (length: number) => Uint8Array,
): ChapChallenge {
  const [identifier] = randomBytes(1);
  return { algorithm, identifier, challenge: randomBytes(DIGEST_BYTES[algorithm]) };
}

/** CHAP_R: the hash over identifier, secret and challenge (RFC 1994 §4.1). */
export function chapResponse(question: ChapChallenge, secret: Uint8Array): Uint8Array {
  const hash = createHash(question.algorithm);
  hash.update(Uint8Array.of(question.identifier));
  hash.update(secret);
  hash.update(question.challenge);
  return new Uint8Array(hash.digest());
}

/** Whether this runtime computes the hash; a FIPS build may lack MD5. */
export function isAvailable(algorithm: ChapAlgorithm): boolean {
  try {
    createHash(algorithm);
    return true;
  } catch {
    return false;
  }
}

/** Compares in a time that depends on the lengths alone. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The bytes of a secret. */
export function secretBytes(secret: string | Uint8Array): Uint8Array {
  return typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
}

/** Whether a secret has fewer than 96 bits (RFC 7143 §9.2.1). */
export function isShort(secret: string | Uint8Array): boolean {
  return secretBytes(secret).length < MIN_SECRET_BYTES;
}
