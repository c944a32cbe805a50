/**
 * Parameters of log pages, as the pages of the simulated drive need them (SPC-5 §7.3).
 *
 * @module
 */

import { writeAscii } from "../../../scsi/ascii.ts";
import { writeU16, writeU32, writeU48, writeU64 } from "../../../scsi/big_endian.ts";
import type { LogParameter } from "../../../scsi/log_pages.ts";
import type { Nexus } from "../../device_server.ts";
import type { DriveState } from "../drive_state.ts";
import type { Counted } from "../log_counts.ts";

/** A log page that is made of parameters. */
export interface DriveLogPage {
  readonly page: number;
  /** By ascending code, from the counts since the page was cleared. Asking for them may change what they are next time. */
  readonly parameters: (
    drive: DriveState,
    nexus: Nexus,
    counted: Counted,
  ) => readonly LogParameter[];
}

/** FORMAT AND LINKING 11b, a binary list: what is no counter; 01b: ASCII. */
const BINARY_LIST = 0x03;
const ASCII_LIST = 0x01;

const MEGABYTE = 1_000_000;
const MEBIBYTE = 1024 * 1024;

/** A parameter with these bytes. */
export function binary(code: number, value: Uint8Array): LogParameter {
  return { code, control: BINARY_LIST, value };
}

/** A parameter of one byte. */
export function byte(code: number, value: number): LogParameter {
  return binary(code, new Uint8Array([value]));
}

/** A counter of four bytes. */
export function counter32(code: number, value: number): LogParameter {
  return { code, control: 0, value: u32(value) };
}

/** A number of two bytes. */
export function number16(code: number, value: number): LogParameter {
  const bytes = new Uint8Array(2);
  writeU16(bytes, 0, value);
  return binary(code, bytes);
}

/** A number of four bytes. */
export function number32(code: number, value: number): LogParameter {
  return binary(code, u32(value));
}

/** A number of six bytes. */
export function number48(code: number, value: number): LogParameter {
  const bytes = new Uint8Array(6);
  writeU48(bytes, 0, Math.floor(value));
  return binary(code, bytes);
}

/** A number of eight bytes. */
export function number64(code: number, value: number): LogParameter {
  const bytes = new Uint8Array(8);
  writeU64(bytes, 0, BigInt(Math.floor(value)));
  return binary(code, bytes);
}

/** A text of so many bytes. */
export function text(code: number, value: string, length: number): LogParameter {
  const bytes = new Uint8Array(length);
  writeAscii(bytes, 0, length, value);
  return { code, control: ASCII_LIST, value: bytes };
}

/** Bytes in units of 10^6. */
export function megabytes(code: number, bytes: number): LogParameter {
  return number32(code, bytes / MEGABYTE);
}

/** Bytes in units of 2^20. */
export function mebibytes(code: number, bytes: number): LogParameter {
  return number32(code, bytes / MEBIBYTE);
}

/** Megabytes of each partition: records of length, reserved, partition, value (SSC-4 §8.2.9.3). */
export function partitionRecords(code: number, bytes: readonly number[]): LogParameter {
  const records = new Uint8Array(bytes.length * 8);
  bytes.forEach((each, partition) => {
    records[partition * 8] = 7;
    writeU16(records, partition * 8 + 2, partition);
    writeU32(records, partition * 8 + 4, each / MEGABYTE);
  });
  return binary(code, records);
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, Math.floor(value));
  return bytes;
}
