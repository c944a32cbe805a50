/**
 * What a command must be like to be sent (RFC 7143 §11.3).
 *
 * @module
 */

import { isBytes, typeName } from "../../scsi/bytes.ts";
import type { ScsiCommand } from "../../scsi/logical_unit.ts";
import { lunFromNumber } from "../../scsi/lun.ts";
import { InvalidOptionError } from "../errors.ts";

const SHORTEST_CDB = 6;
/** The longest CDB of SAM-5. */
const LONGEST_CDB = 260;
const MAX_TRANSFER = 0xffffffff;
const MAX_LUN = 0xffffff;
const LUN_FIELDS = 1n << 64n;

/**
 * Checks a command at the edge.
 *
 * @throws {InvalidOptionError} when it cannot be sent.
 */
export function checkCommand({ cdb, dataIn, dataOut, timeoutMs = 0 }: ScsiCommand): void {
  checkCdb(cdb);
  if (dataIn !== undefined) checkBytes("dataIn", dataIn);
  if (dataOut !== undefined) checkBytes("dataOut", dataOut);
  checkTimeout(timeoutMs);
}

/**
 * Checks bytes: of a text, or of numbers of 16 bits, others would be sent than the caller means.
 *
 * @throws {InvalidOptionError} when it is no array of bytes.
 */
export function checkBytes(option: string, data: Uint8Array): void {
  if (!isBytes(data)) {
    const message = `Send to the target: ${option} is of type ${typeName(data)}, not a Uint8Array`;
    throw new InvalidOptionError(option, message);
  }
  checkLength(option, data.length);
}

/**
 * Checks a CDB.
 *
 * @throws {InvalidOptionError} when no CDB has its length, or it is no array of bytes.
 */
export function checkCdb(cdb: Uint8Array): void {
  checkBytes("cdb", cdb);
  if (cdb.length < SHORTEST_CDB || cdb.length > LONGEST_CDB) {
    throw new InvalidOptionError(
      "cdb",
      `Execute a command: a CDB has ${SHORTEST_CDB} to ${LONGEST_CDB} bytes, not ${cdb.length}`,
    );
  }
}

/**
 * Checks the bytes that a command moves in one direction (RFC 7143 §11.3.4: a field of 32 bits).
 *
 * @throws {InvalidOptionError} when they are more than a command can have, or no number of bytes.
 */
export function checkLength(option: string, length: number): void {
  if (Number.isInteger(length) && length >= 0 && length <= MAX_TRANSFER) return;
  throw new InvalidOptionError(
    option,
    `Execute a command: ${length} bytes of data, 0 to ${MAX_TRANSFER} are possible`,
  );
}

/**
 * Checks a time limit.
 *
 * @throws {InvalidOptionError} when it is none.
 */
export function checkTimeout(timeoutMs: number): void {
  if (typeof timeoutMs === "number" && timeoutMs >= 0) return;
  throw new InvalidOptionError("timeoutMs", `Wait for an answer: ${timeoutMs} ms are no time`);
}

/**
 * The LUN field for a LUN as people count, or the field itself.
 *
 * @throws {InvalidOptionError} when it is neither. One that is missing must not be taken for LUN 0.
 */
export function lunField(lun: number | bigint): bigint {
  if (typeof lun === "bigint") return checkedField(lun);
  const isNumber = Number.isInteger(lun) && lun >= 0 && lun <= MAX_LUN;
  if (isNumber) return lunFromNumber(lun);
  const given = typeof lun === "number" ? lun : `of type ${typeName(lun)}`;
  const message = `Address a logical unit: the LUN is ${given}, expected 0 to ${MAX_LUN}`;
  throw new InvalidOptionError("lun", message);
}

/**
 * Checks the 8-byte field of SAM-5 §4.7 as one number.
 *
 * @throws {InvalidOptionError} when it is none; a number is not taken for one, for LUN 1 has another field than 1n.
 */
export function checkedField(lun: bigint): bigint {
  if (typeof lun === "bigint" && lun >= 0n && lun < LUN_FIELDS) return lun;
  const message = "Address a logical unit: the field of its LUN is no bigint of 64 bits";
  throw new InvalidOptionError("lun", message);
}
