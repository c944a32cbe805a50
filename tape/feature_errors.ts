/**
 * What can go wrong with what a drive does beside moving records.
 *
 * @module
 */

import { TapeError, type TapeErrorFacts } from "./errors.ts";

/** What an {@link EncryptionError} is about (SPC-5, additional sense codes 74h, 26h/10h and 2Ah/11h to 12h). */
export type EncryptionErrorReason =
  | "access-not-authorized"
  | "algorithm-disabled"
  | "decryption-failed"
  | "integrity-check-failed"
  | "key-changed-by-another"
  | "key-fail-limit-reached"
  | "key-manager-failed"
  | "mode-mismatch"
  | "no-key"
  | "not-encrypted"
  | "other"
  | "parameters-unusable"
  | "raw-read-not-enabled"
  | "wrong-key";

const ENCRYPTION_REASONS: Readonly<Record<number, EncryptionErrorReason>> = {
  0x2610: "key-fail-limit-reached",
  0x2a11: "key-changed-by-another",
  0x2a12: "key-changed-by-another",
  0x2a13: "key-changed-by-another",
  0x7401: "no-key",
  0x7402: "not-encrypted",
  0x7403: "wrong-key",
  0x7404: "integrity-check-failed",
  0x7405: "decryption-failed",
  0x7407: "parameters-unusable",
  0x7409: "mode-mismatch",
  0x740a: "raw-read-not-enabled",
  0x740b: "parameters-unusable",
  0x740c: "parameters-unusable",
  0x740d: "algorithm-disabled",
  0x7461: "key-manager-failed",
  0x7462: "key-manager-failed",
  0x7463: "key-manager-failed",
  0x7464: "key-manager-failed",
  0x7471: "access-not-authorized",
  0xef10: "no-key",
};

/** The drive has the wrong encryption key, or none (74/xx), or another host changed it (2A/11). */
export class EncryptionError extends TapeError {
  /** The name of this class. */
  override name = "EncryptionError";
  /** What is wrong. `no-key`: the block is encrypted and the drive has nothing to decrypt it with. */
  readonly reason: EncryptionErrorReason;

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("encryption", message, facts);
    this.reason = ENCRYPTION_REASONS[((this.asc ?? 0) << 8) | (this.ascq ?? 0)] ?? "other";
  }
}

/** The drive, or the tape in it, cannot do what was asked for. Nothing was done. */
export class UnsupportedError extends TapeError {
  /** The name of this class. */
  override name = "UnsupportedError";
  /** What it cannot do: `partitions`, `logical block protection`. */
  readonly feature: string;

  /** Made by the driver: what failed, and what is known about it. */
  constructor(feature: string, message: string, facts: TapeErrorFacts = {}) {
    super("unsupported", message, facts);
    this.feature = feature;
  }
}

/** Somebody has locked the tape into the drive (53/02), this host or another. `unlock()` takes back what this one locked. */
export class RemovalPreventedError extends TapeError {
  /** The name of this class. */
  override name = "RemovalPreventedError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("removal-prevented", message, facts);
  }
}

/**
 * With logical block protection on, a block did not come as it was written, or the drive may have switched protection off since and nothing is read or
 * written before it has been set anew.
 */
export class BlockProtectionError extends TapeError {
  /** The name of this class. */
  override name = "BlockProtectionError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("protection-mismatch", message, facts);
  }
}
