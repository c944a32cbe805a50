/**
 * Vital product data of tape drives: pages B0h to B5h (SSC-4). The pages of the same numbers mean something else
 * on a disk.
 *
 * @module
 */

import { readAscii } from "../ascii.ts";
import { readU16 } from "../big_endian.ts";
import type { CommandOptions } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { readVpdPage } from "../vpd.ts";

/** Page codes of a tape drive's own vital product data. */
export const StreamVpdPage = {
  Capabilities: 0xb0,
  ManufacturerSerialNumber: 0xb1,
  TapeAlertFlags: 0xb2,
  AutomationSerialNumber: 0xb3,
  ElementAddress: 0xb4,
  BlockProtection: 0xb5,
} as const;

/** What a tape drive can do (page B0h, SSC-4). */
export interface StreamCapabilities {
  /** WORM: the drive takes write-once tapes, or, with one in it, that tape is one. */
  readonly writeOnce: boolean;
  /** TSMC: the drive can mirror what it writes to another (tape stream mirroring, EXTENDED COPY). */
  readonly tapeStreamMirroring: boolean;
}

/** One way to protect blocks on their way to and from the drive (page B5h, SSC-4). */
export interface BlockProtectionMethod {
  /** 1 a Reed-Solomon CRC, 2 a CRC32C. */
  readonly method: number;
  /** Bytes of protection information behind each block. */
  readonly informationBytes: number;
  /** The drive checks it on writing. */
  readonly onWrite: boolean;
  /** The drive sends it on reading. */
  readonly onRead: boolean;
  /** The drive sends it with RECOVER BUFFERED DATA. */
  readonly onRecover: boolean;
}

// Offsets in the body of a page: four less than in the standard, which counts the header.
const WORM = 0x01;
const TSMC = 0x02;
const METHODS = 4;
const INFORMATION_LENGTH = 0x3f;

/** Decodes the body of page B0h. Never throws: what is missing counts as 0. */
export function decodeStreamCapabilities(body: Uint8Array): StreamCapabilities {
  const flags = body[0] ?? 0;
  return { writeOnce: (flags & WORM) !== 0, tapeStreamMirroring: (flags & TSMC) !== 0 };
}

/** The TapeAlert flags that the body of page B2h says the drive supports, 1 to 64, in order. */
export function decodeSupportedTapeAlerts(body: Uint8Array): number[] {
  const flags: number[] = [];
  for (let number = 1; number <= 64; number++) {
    const byte = body[(number - 1) >> 3] ?? 0;
    if ((byte & (0x80 >> ((number - 1) & 7))) !== 0) flags.push(number);
  }
  return flags;
}

/**
 * The element address in a library that the body of page B4h holds: 16 bits, which some drives put into a field of 32.
 * `undefined` for a drive that is in none.
 */
export function decodeElementAddress(body: Uint8Array): number | undefined {
  if (body.length < 2) return undefined;
  const isWide = body.length >= 4 && readU16(body, 0) === 0;
  return readU16(body, isWide ? 2 : 0);
}

/**
 * The ways of block protection in the body of page B5h; each descriptor says its own length. Some drives leave out the reserved
 * bytes before them, where no descriptor could begin.
 */
export function decodeBlockProtectionMethods(body: Uint8Array): BlockProtectionMethod[] {
  const methods: BlockProtectionMethod[] = [];
  const begin = body.subarray(0, METHODS).some((byte) => byte !== 0) ? 0 : METHODS;
  for (let at = begin; at + 4 <= body.length && body[at] >= 3; at += body[at] + 1) {
    const flags = body[at + 3];
    methods.push({
      method: body[at + 1],
      informationBytes: body[at + 2] & INFORMATION_LENGTH,
      onWrite: (flags & 0x80) !== 0,
      onRead: (flags & 0x40) !== 0,
      onRecover: (flags & 0x20) !== 0,
    });
  }
  return methods;
}

/** What the drive can do; `undefined` when it does not say. Errors as {@link readVpdPage}. */
export async function readStreamCapabilities(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<StreamCapabilities | undefined> {
  const body = await readVpdPage(unit, StreamVpdPage.Capabilities, options);
  return body && decodeStreamCapabilities(body);
}

async function readText(
  unit: LogicalUnit,
  page: number,
  options: CommandOptions,
): Promise<string | undefined> {
  const body = await readVpdPage(unit, page, options);
  return (body && readAscii(body, 0, body.length)) || undefined;
}

/** The serial number that the drive's maker gave it (page B1h). Errors as {@link readVpdPage}. */
export function readManufacturerSerialNumber(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<string | undefined> {
  return readText(unit, StreamVpdPage.ManufacturerSerialNumber, options);
}

/** The TapeAlert flags that the drive supports (page B2h), 1 to 64. Errors as {@link readVpdPage}. */
export async function readSupportedTapeAlerts(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<number[]> {
  return decodeSupportedTapeAlerts(
    await readVpdPage(unit, StreamVpdPage.TapeAlertFlags, options) ?? new Uint8Array(0),
  );
}

/** The serial number of the library around the drive (page B3h). Errors as {@link readVpdPage}. */
export function readAutomationSerialNumber(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<string | undefined> {
  return readText(unit, StreamVpdPage.AutomationSerialNumber, options);
}

/** The drive's element address in its library (page B4h). Errors as {@link readVpdPage}. */
export async function readElementAddress(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<number | undefined> {
  const body = await readVpdPage(unit, StreamVpdPage.ElementAddress, options);
  return body && decodeElementAddress(body);
}

/** The ways of block protection that the drive has (page B5h); none when it does not say. Errors as {@link readVpdPage}. */
export async function readBlockProtectionMethods(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<BlockProtectionMethod[]> {
  const body = await readVpdPage(unit, StreamVpdPage.BlockProtection, options);
  return body ? decodeBlockProtectionMethods(body) : [];
}
