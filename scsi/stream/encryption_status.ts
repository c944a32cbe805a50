/**
 * What a tape drive says about encryption: SECURITY PROTOCOL IN pages of the tape data encryption protocol, 20h
 * (SSC-4).
 *
 * @module
 */

import { readU16, readU32, readU64 } from "../big_endian.ts";
import { UnexpectedResponseError } from "../errors.ts";
import type { DecodeOptions } from "../inquiry.ts";

/** Pages that a drive sends (SSC-4). */
export const EncryptionInPage = {
  SupportedInPages: 0x0000,
  SupportedOutPages: 0x0001,
  Capabilities: 0x0010,
  KeyFormats: 0x0011,
  ManagementCapabilities: 0x0012,
  Status: 0x0020,
  NextBlock: 0x0021,
  RandomNumber: 0x0030,
} as const;

/** Whom encryption parameters are for (SSC-4, SCOPE field). */
export type EncryptionScope = "public" | "local" | "all";

/** The position in the list is the code that stands for it. */
export const ENCRYPTION_SCOPES: readonly EncryptionScope[] = ["public", "local", "all"];

/** What is done with blocks on writing. `external`: they come encrypted already. */
export type EncryptionMode = "off" | "external" | "on";

/** The position in the list is the code that stands for it. */
export const ENCRYPTION_MODES: readonly EncryptionMode[] = ["off", "external", "on"];

/** What is done with blocks on reading. `raw`: they are given as they are on tape; `mixed`: unencrypted ones are read too. */
export type DecryptionMode = "off" | "raw" | "on" | "mixed";

/** The position in the list is the code that stands for it. */
export const DECRYPTION_MODES: readonly DecryptionMode[] = ["off", "raw", "on", "mixed"];

/** What can be read of the data that is associated with a key, never the key itself (SSC-4). */
export interface KeyAssociatedData {
  /** What it is for. */
  readonly type:
    | "unauthenticated"
    | "authenticated"
    | "nonce"
    | "metadata"
    | "wrapped-key"
    | "other";
  /** The type's code. */
  readonly code: number;
  /** AUTHENTICATED field: 1 not checked, 2 or more checked along with the data. */
  readonly authenticated: number;
  /** The bytes, often a name of the key in ASCII. A view of the decoded array. */
  readonly data: Uint8Array;
}

/** Data encryption status (page 0020h). */
export interface EncryptionStatus {
  /** Whose parameters are in force for this initiator. */
  readonly scope: EncryptionScope;
  /** Whom the drive keeps parameters for; the widest scope that was set. */
  readonly keyScope: EncryptionScope;
  /** What is done on writing. */
  readonly encryption: EncryptionMode;
  /** What is done on reading. */
  readonly decryption: DecryptionMode;
  /** Which of the drive's algorithms. */
  readonly algorithmIndex: number;
  /** Counts every key that was set: another number means that another host, or a reset, has changed it. */
  readonly keyInstance: number;
  /** VCELB: the tape holds encrypted blocks. */
  readonly volumeHasEncryptedBlocks: boolean;
  /** RDMD: encrypted blocks that are written cannot be read raw. */
  readonly rawReadDisabled: boolean;
  /** PARAMETERS CONTROL: who controls the parameters: 0 not told, 1 anybody, 2 this drive's users, 3 its library, 4 a key manager. */
  readonly parametersControl: number;
  /** What is associated with the key. */
  readonly keyAssociatedData: readonly KeyAssociatedData[];
}

/** Whether the next block can be read (page 0021h, ENCRYPTION STATUS field). */
export type NextBlockEncryption =
  | "unknown"
  | "not-yet-known"
  | "not-a-record"
  | "not-encrypted"
  | "encrypted-otherwise"
  | "encrypted-with-this-key"
  | "encrypted-with-another-key";

/** Next block encryption status (page 0021h). */
export interface NextBlockStatus {
  /** Number of the next object. */
  readonly object: number;
  /** How it is encrypted, and whether the key that is set fits. */
  readonly encryption: NextBlockEncryption;
  /** Which of the drive's algorithms. */
  readonly algorithmIndex: number;
  /** What is associated with the key that it was written with. */
  readonly keyAssociatedData: readonly KeyAssociatedData[];
}

/** What a drive can do with one algorithm. */
export interface EncryptionAlgorithm {
  /** The number that the drive has for it. */
  readonly index: number;
  /** Security algorithm code: 0001_0014h is AES-256-GCM. */
  readonly code: number;
  /** Its name, where it is known. */
  readonly name?: string;
  /** Bytes of a key. */
  readonly keyBytes: number;
  /** Whether, and where, it encrypts: the codes 1 software, 2 hardware, 3 with external control. */
  readonly encrypts: number;
  /** Whether, and where, it decrypts. */
  readonly decrypts: number;
  /** Most bytes of unauthenticated data that can be associated with a key. */
  readonly maxUnauthenticatedBytes: number;
  /** Most bytes of authenticated data that can be associated with a key. */
  readonly maxAuthenticatedBytes: number;
  /** AVFMV: the tape that is mounted can be used with it. */
  readonly validForMountedVolume: boolean;
  /** DELB_C: the drive tells encrypted blocks from others. */
  readonly distinguishesEncryptedBlocks: boolean;
  /** VCELB_C: the drive can tell whether a tape holds encrypted blocks. */
  readonly knowsEncryptedVolumes: boolean;
}

/** Data encryption capabilities (page 0010h). */
export interface EncryptionCapabilities {
  /** CFG_P: whether hosts are kept from setting parameters: 1 no, 2 yes, 0 not told. */
  readonly configurationPrevented: number;
  /** EXTDECC: whether somebody else, the library say, can control encryption: 1 no, 2 yes, 0 not told. */
  readonly externallyControlled: number;
  /** The algorithms. */
  readonly algorithms: readonly EncryptionAlgorithm[];
}

/** Names of security algorithm codes (SPC-5), which calls them CCM-128-AES-256 and GCM-128-AES-256. */
const ALGORITHMS: Readonly<Record<number, string>> = {
  0x00010010: "AES-256-CCM",
  0x00010014: "AES-256-GCM",
};

const KAD_TYPES = ["unauthenticated", "authenticated", "nonce", "metadata", "wrapped-key"] as const;
const NEXT_BLOCK: readonly NextBlockEncryption[] = [
  "unknown",
  "not-yet-known",
  "not-a-record",
  "not-encrypted",
  "encrypted-otherwise",
  "encrypted-with-this-key",
  "encrypted-with-another-key",
];

const KAD_HEADER = 4;

function decodeKeyAssociatedData(bytes: Uint8Array): KeyAssociatedData[] {
  const found: KeyAssociatedData[] = [];
  for (let at = 0; at + KAD_HEADER <= bytes.length;) {
    const next = at + KAD_HEADER + readU16(bytes, at + 2);
    if (next > bytes.length) break;
    found.push({
      type: KAD_TYPES[bytes[at]] ?? "other",
      code: bytes[at],
      authenticated: bytes[at + 1] & 0x07,
      data: bytes.subarray(at + KAD_HEADER, next),
    });
    at = next;
  }
  return found;
}

function checkLength(bytes: Uint8Array, needed: number, { unitName }: DecodeOptions): void {
  if (bytes.length >= needed) return;
  const problem = `${bytes.length} bytes, at least ${needed} needed`;
  throw new UnexpectedResponseError({ commandName: "SECURITY PROTOCOL IN", unitName, problem });
}

const STATUS_LENGTH = 24;

/**
 * Decodes page 0020h, header included.
 *
 * @throws {UnexpectedResponseError} when it is shorter than 24 bytes.
 */
export function decodeEncryptionStatus(
  page: Uint8Array,
  options: DecodeOptions = {},
): EncryptionStatus {
  checkLength(page, STATUS_LENGTH, options);
  return {
    scope: ENCRYPTION_SCOPES[page[4] >> 5] ?? "public",
    keyScope: ENCRYPTION_SCOPES[page[4] & 0x07] ?? "public",
    encryption: ENCRYPTION_MODES[page[5]] ?? "off",
    decryption: DECRYPTION_MODES[page[6]] ?? "off",
    algorithmIndex: page[7],
    keyInstance: readU32(page, 8),
    parametersControl: (page[12] >> 4) & 0x07,
    volumeHasEncryptedBlocks: (page[12] & 0x08) !== 0,
    rawReadDisabled: (page[12] & 0x01) !== 0,
    keyAssociatedData: decodeKeyAssociatedData(page.subarray(STATUS_LENGTH)),
  };
}

const NEXT_BLOCK_LENGTH = 16;

/**
 * Decodes page 0021h, header included.
 *
 * @throws {UnexpectedResponseError} when it is shorter than 16 bytes.
 */
export function decodeNextBlockStatus(
  page: Uint8Array,
  options: DecodeOptions = {},
): NextBlockStatus {
  checkLength(page, NEXT_BLOCK_LENGTH, options);
  return {
    object: Number(readU64(page, 4)),
    encryption: NEXT_BLOCK[page[12] & 0x0f] ?? "unknown",
    algorithmIndex: page[13],
    keyAssociatedData: decodeKeyAssociatedData(page.subarray(NEXT_BLOCK_LENGTH)),
  };
}

const CAPABILITIES_LENGTH = 20;
const ALGORITHM_LENGTH = 24;

function decodeAlgorithm(bytes: Uint8Array): EncryptionAlgorithm {
  const code = readU32(bytes, 20);
  const name = ALGORITHMS[code];
  return {
    index: bytes[0],
    code,
    ...(name !== undefined && { name }),
    keyBytes: readU16(bytes, 10),
    encrypts: bytes[4] & 0x03,
    decrypts: (bytes[4] >> 2) & 0x03,
    maxUnauthenticatedBytes: readU16(bytes, 6),
    maxAuthenticatedBytes: readU16(bytes, 8),
    validForMountedVolume: (bytes[4] & 0x80) !== 0,
    distinguishesEncryptedBlocks: (bytes[4] & 0x10) !== 0,
    knowsEncryptedVolumes: (bytes[5] & 0x04) !== 0,
  };
}

/**
 * Decodes page 0010h, header included; an algorithm that is cut is left out.
 *
 * @throws {UnexpectedResponseError} when it is shorter than 20 bytes.
 */
export function decodeEncryptionCapabilities(
  page: Uint8Array,
  options: DecodeOptions = {},
): EncryptionCapabilities {
  checkLength(page, CAPABILITIES_LENGTH, options);
  const algorithms: EncryptionAlgorithm[] = [];
  for (let at = CAPABILITIES_LENGTH; at + ALGORITHM_LENGTH <= page.length;) {
    algorithms.push(decodeAlgorithm(page.subarray(at)));
    const length = KAD_HEADER + readU16(page, at + 2);
    // Where it ends cannot be told of one that claims less than it has.
    if (length < ALGORITHM_LENGTH) break;
    at += length;
  }
  return {
    configurationPrevented: page[4] & 0x03,
    externallyControlled: (page[4] >> 2) & 0x03,
    algorithms,
  };
}
