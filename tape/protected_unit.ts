/**
 * Logical block protection on its way: each block goes and comes with a CRC behind it, which the driver adds and checks
 * (SSC-4, logical block protection).
 *
 * @module
 */

import { readU24, writeU24 } from "../scsi/big_endian.ts";
import { crc32c } from "../scsi/crc32c.ts";
import type { LogicalUnit, ScsiCommand, ScsiResult } from "../scsi/logical_unit.ts";
import { Status } from "../scsi/status.ts";
import { decodeSense } from "../scsi/sense.ts";
import { SenseKey } from "../scsi/sense_codes.ts";
import { MAX_U24, TapeOpcode } from "./commands.ts";
import { TapeError } from "./errors.ts";
import { BlockProtectionError } from "./feature_errors.ts";

/** Bytes of a CRC32C. */
export const PROTECTION_BYTES = 4;

/** Which ways are protected. */
export interface ProtectedWays {
  readonly onWrite: boolean;
  readonly onRead: boolean;
}

/** Where the transfer length of a command is. */
const LENGTH_AT: Readonly<Record<number, number>> = {
  [TapeOpcode.Read6]: 2,
  [TapeOpcode.Write6]: 2,
  0x0f: 2,
  0x88: 12,
  0x8a: 12,
};
const FIXED = 0x01;
const SILI = 0x02;

/** Buffers to keep: as many READs may be under way, at most. */
const MAX_SPARES = 32;

/** A logical unit between the driver and the real one, in variable block mode only. */
export class ProtectedUnit implements LogicalUnit {
  readonly name: string;
  readonly #unit: LogicalUnit;
  readonly #ways: ProtectedWays;
  readonly #spares: Uint8Array[] = [];

  constructor(unit: LogicalUnit, ways: ProtectedWays) {
    this.#unit = unit;
    this.name = unit.name;
    this.#ways = ways;
  }

  execute(command: ScsiCommand): Promise<ScsiResult> {
    const { cdb, dataIn, dataOut } = command;
    if (LENGTH_AT[cdb[0]] === undefined) return this.#unit.execute(command);
    if (dataOut !== undefined && dataOut.length > 0) {
      return this.#ways.onWrite ? this.#write(command, dataOut) : this.#unit.execute(command);
    }
    if (dataIn === undefined || dataIn.length === 0 || !this.#ways.onRead) {
      return this.#unit.execute(command);
    }
    return this.#read(command, dataIn);
  }

  close(): Promise<void> {
    return this.#unit.close();
  }

  async #write(command: ScsiCommand, dataOut: Uint8Array): Promise<ScsiResult> {
    const buffer = this.#buffer(dataOut.length + PROTECTION_BYTES);
    buffer.set(dataOut);
    writeCrc(buffer, dataOut.length, crc32c(dataOut));
    try {
      const cdb = longerCdb(command.cdb);
      return await this.#unit.execute({ ...command, cdb, dataOut: buffer });
    } finally {
      this.#spare(buffer);
    }
  }

  async #read(command: ScsiCommand, dataIn: Uint8Array): Promise<ScsiResult> {
    const buffer = this.#buffer(dataIn.length + PROTECTION_BYTES);
    try {
      const cdb = longerCdb(command.cdb);
      // A record that SILI let be cut would look like one that was damaged.
      cdb[1] &= ~SILI;
      const result = await this.#unit.execute({ ...command, cdb, dataIn: buffer });
      return this.#unwrap(result, buffer, dataIn);
    } finally {
      this.#spare(buffer);
    }
  }

  #unwrap(result: ScsiResult, buffer: Uint8Array, dataIn: Uint8Array): ScsiResult {
    const came = result.dataInLength;
    if (came === 0 || !isWholeRecord(result)) {
      dataIn.set(buffer.subarray(0, Math.min(came, dataIn.length)));
      return { ...result, dataInLength: Math.min(came, dataIn.length) };
    }
    const length = came - PROTECTION_BYTES;
    if (length < 0 || crc32c(buffer.subarray(0, length)) !== readCrc(buffer, length)) {
      throw this.#damaged(length);
    }
    dataIn.set(buffer.subarray(0, length));
    return { ...result, dataInLength: length };
  }

  #damaged(length: number): TapeError {
    const what = length < 0
      ? "it is shorter than its CRC"
      : `its ${length} bytes do not fit its CRC`;
    return new BlockProtectionError(
      `Cannot give out a record from ${this.name}: ${what}; it was damaged, or written without protection`,
    );
  }

  #buffer(length: number): Uint8Array {
    const spare = this.#spares.pop();
    return spare?.length === length ? spare : new Uint8Array(length);
  }

  #spare(buffer: Uint8Array): void {
    if (this.#spares.length < MAX_SPARES) this.#spares.push(buffer);
  }
}

/** Conditions that come beside a record that was read. */
const BESIDE_RECORD: readonly number[] = [
  SenseKey.NoSense,
  SenseKey.RecoveredError,
  SenseKey.VolumeOverflow,
];

/**
 * Whether what came ends with its CRC. Of a record that is longer than its room the end is missing, and the driver reads it again; what came with an error
 * is not given out.
 */
function isWholeRecord({ status, sense }: ScsiResult): boolean {
  if (status !== Status.CheckCondition) return status === Status.Good;
  const { key, deferred, incorrectLength, information = 0 } = decodeSense(sense);
  const isOverlength = incorrectLength && information <= 0;
  return !deferred && !isOverlength && BESIDE_RECORD.includes(key);
}

/** The same command for a block with its CRC. */
function longerCdb(cdb: Uint8Array): Uint8Array {
  if ((cdb[1] & FIXED) !== 0) {
    throw new TapeError(
      "unsupported",
      "Cannot move fixed blocks with logical block protection on: use variable mode",
    );
  }
  const at = LENGTH_AT[cdb[0]];
  const length = readU24(cdb, at) + PROTECTION_BYTES;
  if (length > MAX_U24) {
    throw new TapeError(
      "invalid-argument",
      `Cannot move a record of ${
        length - PROTECTION_BYTES
      } bytes with logical block protection on: at most ${MAX_U24 - PROTECTION_BYTES}`,
    );
  }
  const longer = new Uint8Array(cdb);
  writeU24(longer, at, length);
  return longer;
}

/** Least significant byte first, as RFC 7143 §13.1 has it. */
function writeCrc(bytes: Uint8Array, at: number, crc: number): void {
  for (let i = 0; i < PROTECTION_BYTES; i++) bytes[at + i] = crc >>> (8 * i);
}

function readCrc(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}
